public import Crypto
import FoundationEssentials
public import LibP2PCore
public import LibP2PIdentity

/// A server's side of authentication by peer id over HTTP. It keeps no state: what it must know again travels in tokens that
/// it seals.
///
/// ```swift
/// switch server.check(authorization: request.headers[.authorization], hostname: request.host, at: clock.now) {
/// case .authenticated(let peer, let info): // answer, with `Authentication-Info: info` where there is one
/// case .challenged(let challenge): // 401, with `WWW-Authenticate: challenge`
/// case .refused(let error): // 400
/// }
/// ```
public struct PeerIDAuthServer: Sendable {
    /// What a request's `Authorization` is worth.
    public enum Verdict: Sendable, Hashable {
        /// The request is the peer's. What `Authentication-Info` is to say, where there is something to be said.
        case authenticated(PeerID, info: String?)
        /// It proves nothing, or what it proves is over: answer 401, with this in `WWW-Authenticate`.
        case challenged(String)
        /// It cannot be read, or is for another host: answer 400.
        case refused(PeerIDAuthError)
    }

    /// How long a client has to answer a challenge.
    public var challengeLifetime: Duration = .seconds(300)
    /// How long a token stands for a proof.
    public var tokenLifetime: Duration = .seconds(3600)

    private let identity: PrivateKey
    private let seal: PeerIDAuthSeal
    private let isOwnHost: @Sendable (String) -> Bool
    private let makeChallenge: @Sendable () -> String

    /// The longest host name, in bytes, with its port.
    private static let maxHostLength = 261

    /// A server.
    ///
    /// - Parameters:
    ///   - identity: the key of the peer that the server is.
    ///   - secret: what tokens are sealed with; servers that stand in for one another share it.
    ///   - isOwnHost: whether a host, as requests name it, is this server. A proof holds for one host: who says yes to all
    ///     names accepts proofs that clients made for others.
    public init(
        identity: PrivateKey, secret: SymmetricKey = SymmetricKey(size: .bits256),
        makeChallenge: @escaping @Sendable () -> String = PeerIDAuthChallenge.random,
        isOwnHost: @escaping @Sendable (String) -> Bool
    ) {
        self.identity = identity
        self.seal = PeerIDAuthSeal(key: secret)
        self.makeChallenge = makeChallenge
        self.isOwnHost = isOwnHost
    }

    /// Judges a request.
    ///
    /// - Parameters:
    ///   - authorization: the value of `Authorization`, if there is one.
    ///   - hostname: the host that the request names, with its port where it names one.
    public func check(authorization: String?, hostname: String, at now: Timestamp) -> Verdict {
        guard hostname.utf8.count <= Self.maxHostLength, isOwnHost(hostname) else {
            return .refused(
                PeerIDAuthError(.wrongHost, "The host \(hostname.prefix(Self.maxHostLength)) is not this server."))
        }
        do throws(PeerIDAuthError) {
            guard let text = authorization, let header = try PeerIDAuthHeader.read(text) else {
                return .challenged(try challenge(hostname, at: now))
            }
            if let bearer = header.bearer { return try check(bearer: bearer, hostname, at: now) }
            if header.opaque != nil || header.signature != nil { return try check(header, hostname, at: now) }
            return .challenged(try challenge(hostname, answering: header, at: now))
        } catch {
            return .refused(error)
        }
    }

    // MARK: Challenges

    /// What a challenge's token says.
    private struct Opened {
        let challenge: String
        /// The client's key, where the client began.
        let clientKey: [UInt8]?
    }

    private func challenge(_ hostname: String, at now: Timestamp) throws(PeerIDAuthError) -> String {
        try offer(hostname, clientKey: nil, at: now).text()
    }

    /// Answers a client that began: proves who the server is, unless the proof is too long for a header. Then the client is
    /// challenged as if it had not begun, which the specification allows.
    private func challenge(
        _ hostname: String, answering header: PeerIDAuthHeader, at now: Timestamp
    ) throws(PeerIDAuthError) -> String {
        guard let keyBytes = header.publicKey, let challenge = header.challengeServer else {
            throw PeerIDAuthError(
                .malformed, "The header has neither a token nor a proof, nor a challenge with a public key.")
        }
        _ = try Self.key(keyBytes)
        var offer = try offer(hostname, clientKey: keyBytes, at: now)
        offer.signature = try PeerIDAuthProof(
            signer: .server, challenge: challenge, verifierKey: keyBytes, hostname: hostname
        ).sign(with: identity)
        if let text = try? offer.text() { return text }
        return try self.challenge(hostname, at: now)
    }

    private func offer(
        _ hostname: String, clientKey: [UInt8]?, at now: Timestamp
    ) throws(PeerIDAuthError) -> PeerIDAuthHeader {
        let challenge = makeChallenge()
        var header = PeerIDAuthHeader()
        header.challengeClient = challenge
        header.publicKey = identity.publicKey.protobuf
        guard let length = UInt8(exactly: challenge.utf8.count) else {
            throw PeerIDAuthError(.malformed, "A challenge has at most 255 bytes.")
        }
        let content = Self.bytes(now) + [length] + Array(challenge.utf8) + (clientKey ?? [])
        header.opaque = seal.seal(content, for: .challenge, hostname: hostname)
        return header
    }

    /// Opens a challenge's token; nil when it is another server's, for another host, or too old.
    private func open(_ opaque: String, _ hostname: String, at now: Timestamp) -> Opened? {
        guard let content = seal.open(opaque, for: .challenge, hostname: hostname),
            Self.isFresh(content, for: challengeLifetime, at: now)
        else { return nil }
        var rest = content.dropFirst(8)
        guard let length = rest.popFirst(), rest.count >= Int(length) else { return nil }
        let key = Array(rest.dropFirst(Int(length)))
        return Opened(
            challenge: String(decoding: rest.prefix(Int(length)), as: UTF8.self), clientKey: key.isEmpty ? nil : key)
    }

    // MARK: Proofs

    private func check(
        _ header: PeerIDAuthHeader, _ hostname: String, at now: Timestamp
    ) throws(PeerIDAuthError) -> Verdict {
        guard let opaque = header.opaque, let signature = header.signature else {
            throw PeerIDAuthError(.malformed, "A proof has both opaque and sig.")
        }
        guard let opened = open(opaque, hostname, at: now) else {
            return .challenged(try challenge(hostname, at: now))
        }
        guard let keyBytes = opened.clientKey ?? header.publicKey else {
            throw PeerIDAuthError(.malformed, "The proof comes without the public key that it was made with.")
        }
        let key = try Self.key(keyBytes)
        let proof = PeerIDAuthProof(
            signer: .client, challenge: opened.challenge, verifierKey: identity.publicKey.protobuf, hostname: hostname)
        guard proof.isValid(signature, by: key) else { return .challenged(try challenge(hostname, at: now)) }
        var info = PeerIDAuthHeader()
        if opened.clientKey == nil, let challenge = header.challengeServer {
            info.signature = try PeerIDAuthProof(
                signer: .server, challenge: challenge, verifierKey: keyBytes, hostname: hostname
            ).sign(with: identity)
            info.publicKey = identity.publicKey.protobuf
        }
        info.bearer = seal.seal(Self.bytes(now) + key.peerID.bytes, for: .bearer, hostname: hostname)
        let end = now + tokenLifetime
        info.expires = Date(timeIntervalSince1970: Double(end.seconds)).formatted(.iso8601)
        return .authenticated(key.peerID, info: try info.text())
    }

    private func check(
        bearer: String, _ hostname: String, at now: Timestamp
    ) throws(PeerIDAuthError) -> Verdict {
        guard let content = seal.open(bearer, for: .bearer, hostname: hostname),
            Self.isFresh(content, for: tokenLifetime, at: now),
            let peer = try? PeerID(bytes: Array(content.dropFirst(8)))
        else { return .challenged(try challenge(hostname, at: now)) }
        return .authenticated(peer, info: nil)
    }

    private static func key(_ bytes: [UInt8]) throws(PeerIDAuthError) -> PublicKey {
        do {
            return try PublicKey(protobuf: bytes)
        } catch {
            throw PeerIDAuthError(.malformed, "The public key cannot be used.", cause: error)
        }
    }

    // MARK: Time in tokens

    /// The time in whole seconds, in eight bytes.
    private static func bytes(_ time: Timestamp) -> [UInt8] {
        withUnsafeBytes(of: time.seconds.bigEndian) { Array($0) }
    }

    /// Whether the time at the start of a content is not longer ago than `lifetime`, and not to come either.
    private static func isFresh(_ content: [UInt8], for lifetime: Duration, at now: Timestamp) -> Bool {
        guard content.count > 8 else { return false }
        let seconds = Int64(truncatingIfNeeded: content.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        let made = Timestamp(seconds: seconds)
        return made <= now && now < made + lifetime
    }
}
