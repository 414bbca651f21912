public import NIOSSL

/// How a server speaks TLS: with which certificate, for whom.
public struct TLSDoor: Sendable {
    /// Chooses the context for a client, which offers `h2` and `http/1.1` by ALPN; nil refuses the client.
    public var context: @Sendable (ClientHello) -> NIOSSLContext?

    /// The protocol of clients that only want to see a certificate (RFC 8737); nil when there are none.
    public var challengeProtocol: String?

    /// Finds the context for such a client, which may take time; nil refuses it.
    public var challenge: @Sendable (ClientHello) async -> NIOSSLContext?

    /// Makes a door.
    public init(
        challengeProtocol: String? = nil,
        challenge: @escaping @Sendable (ClientHello) async -> NIOSSLContext? = { _ in nil },
        context: @escaping @Sendable (ClientHello) -> NIOSSLContext?
    ) {
        self.context = context
        self.challengeProtocol = challengeProtocol
        self.challenge = challenge
    }

    /// The protocols that contexts must offer, the preferred one first.
    public static let protocols = ["h2", "http/1.1"]

    /// Whether a client only wants to see a certificate.
    func isChallenge(_ hello: ClientHello) -> Bool {
        challengeProtocol.map { hello.protocols == [$0] } ?? false
    }
}
