public import LibP2PIdentity
public import Multiformats

/// Finds peers that say they provide some content: a DHT, or other routers.
public protocol ProviderFinder: Sendable {
    /// Searches, and tells of each provider as soon as it is known. Ends early when its task is cancelled.
    ///
    /// The peers' addresses must be in the network's peer store when they are told.
    func findProviders(of cid: CID, onFound: @escaping @Sendable (PeerID) -> Void) async
}

/// Who is asked for a block.
public struct BlockSources: Sendable {
    /// Peers that are likely to have it, such as who told of it. Their addresses are those of the peer store.
    public var peers: [PeerID]
    /// Whether peers that are connected, or come while it is waited for, are asked too.
    public var asksConnectedPeers: Bool
    /// Searches for more peers when those at hand don't have it.
    public var finder: (any ProviderFinder)?

    /// Names sources.
    public init(peers: [PeerID] = [], asksConnectedPeers: Bool = true, finder: (any ProviderFinder)? = nil) {
        self.peers = peers
        self.asksConnectedPeers = asksConnectedPeers
        self.finder = finder
    }
}
