public import LibP2PIdentity
public import Multiformats

/// Who may connect. A deny entry beats every allow entry; an allow entry spares its address or peer the limits per
/// address.
public struct AccessList: Sendable {
    /// Networks that may not connect and are not dialled.
    public var deniedNetworks: [IPPrefix] = []
    /// Networks that the limits per address spare.
    public var allowedNetworks: [IPPrefix] = []
    /// Peers that may not connect and are not dialled.
    public var deniedPeers: Set<PeerID> = []
    /// If not empty, only these peers may connect and be dialled.
    public var allowedPeers: Set<PeerID> = []

    /// Lets everybody in.
    public init() {}

    /// Whether connections with an IP address are forbidden.
    public func denies(_ address: IPAddress) -> Bool { deniedNetworks.contains { $0.contains(address) } }

    /// Whether an IP address is spared the limits per address.
    public func favours(_ address: IPAddress) -> Bool { allowedNetworks.contains { $0.contains(address) } }

    /// Whether connections with a peer are forbidden.
    public func denies(_ peer: PeerID) -> Bool {
        deniedPeers.contains(peer) || (!allowedPeers.isEmpty && !allowedPeers.contains(peer))
    }
}
