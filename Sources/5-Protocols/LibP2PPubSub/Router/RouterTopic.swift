import LibP2PIdentity
import NIOCore

/// A topic that this node is in.
struct RouterTopic {
    /// All peers that are here and subscribed.
    var subscribers: Set<PeerID> = []
    /// Those of them that speak floodsub only, who are sent everything.
    var floodPeers: Set<PeerID> = []
    /// Those that messages are sent on to.
    var mesh: Set<PeerID> = []
}

/// Where this node publishes in a topic that it is not in.
struct Fanout {
    var peers: Set<PeerID> = []
    var lastPublished: NIODeadline
}
