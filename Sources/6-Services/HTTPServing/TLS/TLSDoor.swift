public import NIOSSL

/// How a server speaks TLS: with which certificate, for whom.
public struct TLSDoor: Sendable {
    /// Chooses the context for a client, which offers `h2` and `http/1.1` by ALPN; nil refuses the client.
    public var context: @Sendable (ClientHello) -> NIOSSLContext?

    /// Makes a door.
    public init(context: @escaping @Sendable (ClientHello) -> NIOSSLContext?) {
        self.context = context
    }

    /// The protocols that contexts must offer, the preferred one first.
    public static let protocols = ["h2", "http/1.1"]
}
