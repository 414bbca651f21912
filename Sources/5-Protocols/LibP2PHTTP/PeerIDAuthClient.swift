import FoundationEssentials
public import LibP2PCore
public import LibP2PIdentity

/// One peer's side of authentication over HTTP, towards one server: what to put into the next request, and what the answer
/// means. It does no I/O: whoever makes the requests asks it before and tells it after.
///
/// ```swift
/// var auth = PeerIDAuthClient(identity: key, hostname: "registration.libp2p.direct")
/// while true {
///     let answer = try await ask(authorization: try auth.authorization(at: clock.now), body: auth.sendsBody ? body : nil)
///     switch try auth.receive(status: answer.status, challenges: answer.challenges, info: answer.info) {
///     case .again: continue
///     case .answered(let server): return answer
///     }
/// }
/// ```
///
/// The client begins by default, and knows who the server is before it proves anything itself. A server that does not know
/// this form answers with a challenge of its own, and the handshake goes that way.
public struct PeerIDAuthClient: Sendable {
    /// What an answer means for the request.
    public enum Outcome: Sendable, Hashable {
        /// The same request is to be made again, with what ``PeerIDAuthClient/authorization(at:)`` says then.
        case again
        /// The request has its answer. The peer is the server's; nil when the server refused the request without proving
        /// who it is, or wanted no authentication.
        case answered(PeerID?)
    }

    private enum State {
        case new
        /// The server was told a challenge.
        case began(challenge: String)
        /// The server's challenge is answered; its own proof is still to come.
        case proving(header: PeerIDAuthHeader, challenge: String, server: PublicKey)
        /// The server's challenge is answered, and the server has proved itself before.
        case proven(header: PeerIDAuthHeader, server: PublicKey)
        case holding(bearer: String, until: Timestamp?, server: PublicKey)
    }

    private let identity: PrivateKey
    private let hostname: String
    private let begins: Bool
    private let makeChallenge: @Sendable () -> String
    private var state = State.new

    /// A client that holds no token yet.
    ///
    /// - Parameters:
    ///   - identity: the key of the peer that is to be authenticated.
    ///   - hostname: the server's host as the requests name it (`Host`, SNI), with the port where it is not the scheme's own:
    ///     proofs hold for it only.
    ///   - begins: whether the first request challenges the server; otherwise it waits to be challenged.
    public init(
        identity: PrivateKey, hostname: String, begins: Bool = true,
        makeChallenge: @escaping @Sendable () -> String = PeerIDAuthChallenge.random
    ) {
        self.identity = identity
        self.hostname = hostname
        self.begins = begins
        self.makeChallenge = makeChallenge
    }

    /// Whether the next request should carry its body: the first ones of a handshake are only knocks at the door.
    public var sendsBody: Bool {
        switch state {
        case .new, .began: false
        case .proving, .proven, .holding: true
        }
    }

    /// Whether the next request needs no handshake.
    public var holdsToken: Bool { if case .holding = state { true } else { false } }

    /// What the next request must say in `Authorization`; nil for nothing.
    ///
    /// - Throws: ``PeerIDAuthError`` with `.tooLong` when the own key is too large for a header.
    public mutating func authorization(at now: Timestamp) throws(PeerIDAuthError) -> String? {
        if case .holding(_, let until?, _) = state, until <= now { state = .new }
        switch state {
        case .new:
            guard begins else { return nil }
            var header = PeerIDAuthHeader()
            let challenge = makeChallenge()
            header.challengeServer = challenge
            header.publicKey = identity.publicKey.protobuf
            state = .began(challenge: challenge)
            return try header.text()
        case .began(let challenge):
            // The same knock once more: the request before it had no answer.
            var header = PeerIDAuthHeader()
            header.challengeServer = challenge
            header.publicKey = identity.publicKey.protobuf
            return try header.text()
        case .proving(let header, _, _), .proven(let header, _):
            return try header.text()
        case .holding(let bearer, _, _):
            var header = PeerIDAuthHeader()
            header.bearer = bearer
            return try header.text()
        }
    }

    /// Takes an answer's headers.
    ///
    /// - Parameters:
    ///   - status: the answer's HTTP status.
    ///   - challenges: all values of `WWW-Authenticate`.
    ///   - info: the value of `Authentication-Info`, if there is one.
    /// - Throws: ``PeerIDAuthError``: `.wrongServer` when the server does not prove that it is its peer, `.rejected` when it
    ///   does not take the answer to its own challenge, `.malformed`, `.tooLong` or `.signing`. The client then begins anew.
    public mutating func receive(
        status: Int, challenges: [String], info: String?
    ) throws(PeerIDAuthError) -> Outcome {
        do throws(PeerIDAuthError) {
            return status == 401 ? try challenged(challenges) : try answered(status, info)
        } catch {
            state = .new
            throw error
        }
    }

    /// The server wants a proof.
    private mutating func challenged(_ values: [String]) throws(PeerIDAuthError) -> Outcome {
        var offer: PeerIDAuthHeader?
        for value in values where offer == nil { offer = try PeerIDAuthHeader.read(value) }
        guard let offer, let challenge = offer.challengeClient else {
            throw PeerIDAuthError(.rejected, "\(hostname) wants an authentication other than libp2p-PeerID.")
        }
        guard let keyBytes = offer.publicKey, let server = try? PublicKey(protobuf: keyBytes) else {
            throw PeerIDAuthError(
                .malformed, "The challenge of \(hostname) comes without a public key that can be used.")
        }
        var answer = PeerIDAuthHeader()
        answer.opaque = offer.opaque
        answer.signature = try PeerIDAuthProof(
            signer: .client, challenge: challenge, verifierKey: keyBytes, hostname: hostname
        ).sign(with: identity)
        switch state {
        case .proving, .proven:
            throw PeerIDAuthError(
                .rejected, "\(hostname) does not take the proof of \(identity.peerID): are the clocks and names right?")
        case .began(let own) where offer.signature != nil:
            try verify(offer.signature, challenge: own, by: server)
            state = .proven(header: answer, server: server)
        case .new, .began, .holding:
            let own = makeChallenge()
            answer.publicKey = identity.publicKey.protobuf
            answer.challengeServer = own
            state = .proving(header: answer, challenge: own, server: server)
        }
        return .again
    }

    /// The server did, or refused, what was asked.
    private mutating func answered(_ status: Int, _ info: String?) throws(PeerIDAuthError) -> Outcome {
        let header = try info.flatMap { text throws(PeerIDAuthError) in try PeerIDAuthHeader.read(text) }
        switch state {
        case .new, .began:
            state = .new
            return .answered(nil)
        case .holding(_, _, let server):
            return .answered(server.peerID)
        case .proven(_, let server):
            keep(header, of: server)
            return .answered(server.peerID)
        case .proving(_, let challenge, let server):
            // A refusal may come before the proof was looked at; what was done for us must be proved.
            guard let header else {
                guard !(200..<300).contains(status) else {
                    throw PeerIDAuthError(.wrongServer, "\(hostname) answered without proving who it is.")
                }
                state = .new
                return .answered(nil)
            }
            try verify(header.signature, challenge: challenge, by: server)
            keep(header, of: server)
            return .answered(server.peerID)
        }
    }

    private func verify(
        _ signature: [UInt8]?, challenge: String, by server: PublicKey
    ) throws(PeerIDAuthError) {
        let proof = PeerIDAuthProof(
            signer: .server, challenge: challenge, verifierKey: identity.publicKey.protobuf, hostname: hostname)
        guard let signature, proof.isValid(signature, by: server) else {
            throw PeerIDAuthError(.wrongServer, "\(hostname) does not prove that it is \(server.peerID).")
        }
    }

    private mutating func keep(_ header: PeerIDAuthHeader?, of server: PublicKey) {
        guard let bearer = header?.bearer else {
            state = .new
            return
        }
        let end = header?.expires.flatMap { try? Date($0, strategy: .iso8601) }
        // A time that no clock reaches is none.
        let seconds = end.flatMap { Int64(exactly: $0.timeIntervalSince1970.rounded(.down)) }
        state = .holding(bearer: bearer, until: seconds.map { Timestamp(seconds: $0) }, server: server)
    }
}
