public import LibP2PCore
public import Multiformats
public import NIOCore

/// How a ``Host`` behaves. The defaults suit a public server.
public struct HostConfiguration: Sendable {
    /// Caps on connections.
    public var limits = ConnectionLimits()
    /// When connections are trimmed.
    public var trimming = TrimPolicy()
    /// Who may connect and be dialled.
    public var access = AccessList()
    /// What to tell others instead of the listeners' and observed addresses; empty for those.
    public var announcedAddresses: [Multiaddr] = []
    /// Whether loopback and private addresses count as reachable and are spared the default limits per address.
    public var allowsPrivateAddresses = false
    /// From the first byte of a connection to its readiness, in both directions; zero is unlimited. go allows 15 s.
    public var handshakeTimeout: Duration = .seconds(15)
    /// Inbound streams of one protocol in the whole node, where the protocol itself allows no fewer; 0 is unlimited.
    /// Thousands of connections with the most streams that each allows would be more than memory holds.
    public var streamsPerProtocol = 65_536
    /// The most peers that the peer store remembers; 0 is unlimited.
    public var maxKnownPeers = 16_384
    /// Adds a private network's cipher at the end of a new byte channel's pipeline.
    public var privateNetwork: (@Sendable (any Channel) throws -> Void)?
    /// Asks for the names in addresses. Without it such addresses are unreachable.
    public var resolver: (any NameResolver)?

    /// The defaults.
    public init() {}
}
