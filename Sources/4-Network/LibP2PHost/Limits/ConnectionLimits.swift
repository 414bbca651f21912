/// Caps on connections. In all of them 0 means unlimited.
public struct ConnectionLimits: Sendable, Hashable {
    /// Connections in all, both directions.
    public var total = 4096
    /// Inbound connections from one IP address (for IPv6 a /64, which one customer has), those in their handshake
    /// included.
    public var perIP = 64
    /// Inbound connections from one prefix: IPv4 /24, IPv6 /56.
    public var perSubnet = 256
    /// Connections to one peer. More than a few serve no peer, and each costs memory.
    public var perPeer = 8
    /// Inbound handshakes under way. When it is full the oldest one gives way, so that a flood of half-open connections
    /// never shuts out a newcomer.
    public var handshakes = 512
    /// New inbound connections a second from one IP address, over time.
    public var ratePerIP = 16
    /// New inbound connections that one IP address may make at once.
    public var burstPerIP = 128
    /// Which of the limits on single addresses hold for private and loopback addresses too: in a lab those that its
    /// operator set.
    public var onPrivateAddresses = AddressLimits.all

    /// The defaults.
    public init() {}
}
