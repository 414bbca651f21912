import Crypto
import Multiformats

/// What an authority wants to see.
public struct Challenge: Sendable, Hashable {
    /// How it looks.
    public let kind: ChallengeKind
    /// The name, in lower case, without a star.
    public let domain: String
    /// The authority's word for this challenge: base64url, and so fit for a path.
    public let token: String
    /// The token with the account's thumbprint: what a file of HTTP-01 holds.
    public let keyAuthorization: String

    /// Describes a challenge.
    public init(kind: ChallengeKind, domain: String, token: String, keyAuthorization: String) {
        self.kind = kind
        self.domain = domain
        self.token = token
        self.keyAuthorization = keyAuthorization
    }

    /// The hash of the key authorization: what a certificate of TLS-ALPN-01 holds.
    public var digest: [UInt8] { Self.digest(of: keyAuthorization) }

    static func digest(of keyAuthorization: String) -> [UInt8] {
        Array(SHA256.hash(data: Array(keyAuthorization.utf8)))
    }

    /// Whether a text is a token. Tokens become parts of paths: they have the alphabet of base 64 for URLs.
    static func isToken(_ text: String) -> Bool {
        (1...256).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x5f: true
                default: false
                }
            }
    }

    /// What the record of DNS-01 says.
    public var recordText: String { Multibase.base64url.encodeBody(digest) }

    /// Where the record of DNS-01 stands.
    public var recordName: String { "_acme-challenge.\(domain)" }
}

/// Shows an authority what it wants to see, in one of the ways.
public protocol ChallengeSolver: Sendable {
    /// Which way.
    var kind: ChallengeKind { get }

    /// Sees to it that the authority finds what it looks for: when this returns, it may look.
    ///
    /// - Throws: ``CertificateError``.
    func present(_ challenge: Challenge) async throws

    /// Takes back what was presented, whatever became of it.
    func withdraw(_ challenge: Challenge) async
}
