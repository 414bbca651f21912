package import Multiformats

/// What clients are told, what they may cost, and who may come.
package struct EngineSettings: Sendable {
    /// From one ping to the next.
    package var pingInterval: Duration = .seconds(25)

    /// How long the answer to a ping may take; in revision 3, how late a client's ping may come.
    package var pingTimeout: Duration = .seconds(20)

    /// The bytes that a message, or the body of a POST, may have.
    package var maxPayload = 1_000_000

    /// How long an upgrade to WebSocket may take.
    package var upgradeTimeout: Duration = .seconds(10)

    /// How long a client may be connected to no namespace.
    package var connectTimeout: Duration = .seconds(45)

    /// How often one client may connect a namespace: each time it is told of the peers that are there, which costs.
    package var maxConnects = 100

    /// The packets that one POST may carry.
    package var maxPacketsPerPayload = 10_000

    /// The binary parts that one event may have (socket.io's own bound).
    package var maxAttachments = 10

    /// The bytes that may wait for a client that does not take them. Each write counts for 128 more, so that many small
    /// ones are bounded too.
    package var unsentLimit = 2 * 1024 * 1024

    /// Clients in all; nil for unlimited.
    package var maxSessions: Int? = 16_384

    /// Clients of one IP address, or of one /64 of IPv6; nil for unlimited.
    package var maxSessionsPerIP: Int? = 256

    /// Addresses that are spared the limit per IP.
    package var isSparedPerIP: @Sendable (IPAddress) -> Bool = { _ in false }

    /// The origins whose pages may connect, as browsers write them (`https://app.example`); nil for all. Clients that are no
    /// browsers send none, and may connect.
    package var allowedOrigins: Set<String>?

    /// The proxies whose `X-Forwarded-For` is believed.
    package var trustedProxies: [IPPrefix] = []

    /// The settings that the reference server has, and bounds.
    package init() {}

    /// What is charged for a write beside its bytes.
    static let writeCost = 128
}
