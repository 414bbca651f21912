import LibP2PCore
import Logging
public import NIOSSL
import Synchronization

/// The proofs that the front door shows a certificate authority: files for HTTP-01, certificates for TLS-ALPN-01. Nodes of a
/// fleet show one another's, since an authority may come to any of them.
public final class ChallengeBook: Sendable {
    private struct State {
        var files: [String: String] = [:]
        var digests: [String: [UInt8]] = [:]
        var lookups = 0
    }

    /// Proofs of each kind at a time: one for each name is enough.
    private static let maxProofs = 128
    /// Requests at a time for which the fleet is asked; anybody can make them.
    private static let maxLookups = 16
    /// How long a proof is left with the fleet: an order does not take longer.
    private static let shareTime = CertificateFleet.orderLimit

    private let fleet: (any FleetStore)?
    private let state = Mutex(State())

    /// An empty book.
    ///
    /// - Parameter fleet: through which proofs are shared with other nodes.
    public init(fleet: (any FleetStore)? = nil) { self.fleet = fleet }

    /// What the file of HTTP-01 holds.
    ///
    /// - Parameter token: the file's name below `/.well-known/acme-challenge/`, as anybody may write it.
    public func file(_ token: String) async -> String? {
        guard Challenge.isToken(token) else { return nil }
        if let text = state.withLock({ $0.files[token] }) { return text }
        return await ask("http-01:\(token)")
    }

    /// The certificate of TLS-ALPN-01 for a name.
    ///
    /// - Parameter domain: the name, in lower case, that the client asked for; one of the node's.
    public func context(for domain: String) async -> NIOSSLContext? {
        var digest = state.withLock { $0.digests[domain] }
        if digest == nil, let text = await ask("tls-alpn-01:\(domain)") {
            digest = Challenge.digest(of: text)
        }
        return digest.flatMap { try? ChallengeCertificate(domain: domain, digest: $0).context }
    }

    func add(_ challenge: Challenge) async throws(CertificateError) {
        let isAdded = state.withLock { state in
            switch challenge.kind {
            case .http01 where state.files.count < Self.maxProofs:
                state.files[challenge.token] = challenge.keyAuthorization
            case .tlsALPN01 where state.digests.count < Self.maxProofs:
                state.digests[challenge.domain] = challenge.digest
            default: return false
            }
            return true
        }
        guard isAdded else {
            throw CertificateError(.authorityFailed, "The certificate authority wants too much to be shown at a time.")
        }
        guard let fleet else { return }
        do {
            try await fleet.write(challenge.keyAuthorization, to: Self.name(of: challenge), for: Self.shareTime)
        } catch {
            throw CertificateError(.unreachable, "The proof cannot be shared with the fleet.", cause: error)
        }
    }

    func remove(_ challenge: Challenge) async {
        state.withLock { state in
            state.files[challenge.token] = nil
            if state.digests[challenge.domain] == challenge.digest { state.digests[challenge.domain] = nil }
        }
        try? await fleet?.remove(Self.name(of: challenge))
    }

    private func ask(_ name: String) async -> String? {
        guard let fleet else { return nil }
        let isFree = state.withLock { state in
            guard state.lookups < Self.maxLookups else { return false }
            state.lookups += 1
            return true
        }
        guard isFree else { return nil }
        defer { state.withLock { $0.lookups -= 1 } }
        return try? await fleet.read(name)
    }

    private static func name(of challenge: Challenge) -> String {
        switch challenge.kind {
        case .tlsALPN01: "tls-alpn-01:\(challenge.domain)"
        default: "\(challenge.kind.rawValue):\(challenge.token)"
        }
    }
}

/// Shows proofs at the front door.
public struct FrontDoorSolver: ChallengeSolver {
    /// See ``ChallengeSolver``.
    public let kind: ChallengeKind
    private let book: ChallengeBook

    /// A solver for HTTP-01 or TLS-ALPN-01.
    public init(_ kind: ChallengeKind, book: ChallengeBook) {
        self.kind = kind
        self.book = book
    }

    /// See ``ChallengeSolver``.
    public func present(_ challenge: Challenge) async throws { try await book.add(challenge) }

    /// See ``ChallengeSolver``.
    public func withdraw(_ challenge: Challenge) async { await book.remove(challenge) }
}
