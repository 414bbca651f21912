/// What a pubsub service has done and holds.
public struct PubSubStatistics: Sendable, Hashable {
    /// Peers with a pubsub stream now.
    public var peers = 0
    /// Topics that this node is in now.
    public var topics = 0
    /// Peers that are subscribed to these topics now, each counted for each topic.
    public var subscriptions = 0
    /// Places in all meshes now.
    public var meshPeers = 0
    /// Peers that are not listened to now, for their score.
    public var graylistedPeers = 0
    /// Bytes of messages that are kept to be asked for now.
    public var cachedBytes = 0

    /// RPCs that were read.
    public var receivedRPCs: UInt64 = 0
    /// Messages that were accepted, each counted once.
    public var acceptedMessages: UInt64 = 0
    /// Messages that had been seen before.
    public var duplicateMessages: UInt64 = 0
    /// Messages without a valid signature, or that the application rejected.
    public var invalidMessages: UInt64 = 0
    /// Messages that were left aside: of topics that this node is not in, with several topics, or by the application.
    public var ignoredMessages: UInt64 = 0
    /// Messages beyond what a peer may send within a heartbeat.
    public var floodedMessages: UInt64 = 0
    /// RPCs of peers that are not listened to.
    public var graylistedRPCs: UInt64 = 0
    /// Messages that this node wrote.
    public var publishedMessages: UInt64 = 0
    /// Messages sent to peers, each counted for each peer.
    public var sentMessages: UInt64 = 0
    /// Peers taken into a mesh.
    public var grafts: UInt64 = 0
    /// Peers sent out of a mesh.
    public var prunes: UInt64 = 0
    /// Offences against the rules of the mesh.
    public var offences: UInt64 = 0
    /// RPCs that were dropped as a peer took them too slowly.
    public var droppedRPCs: UInt64 = 0
    /// Messages that this node's own subscribers took too slowly.
    public var droppedDeliveries: UInt64 = 0
    /// Peers refused or given up: too many, too slow, or a broken stream.
    public var lostPeers: UInt64 = 0

    /// Nothing yet.
    public init() {}
}
