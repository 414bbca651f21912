/// The bounds of a routing table.
public struct RoutingLimits: Sendable, Hashable {
    /// Peers in a bucket: the `k` of the specification.
    public var bucketSize = 20
    /// Peers that wait for a place in a full bucket.
    public var candidatesPerBucket = 8
    /// Peers of one ``AddressGroup`` in the whole table (go-libp2p-kad-dht: 3); 0 is unlimited.
    public var peersPerGroup = 3
    /// Peers of one ``AddressGroup`` in one bucket (go-libp2p-kad-dht: 2); 0 is unlimited.
    public var peersPerGroupInBucket = 2
    /// Whether both hold for private addresses too where these count as reachable. There are few private blocks, so by
    /// default a laboratory's peers are spared.
    public var countsPrivateGroups = false

    /// The bounds of the public network.
    public init() {}
}
