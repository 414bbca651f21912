/// The parameters of a ``Lookup``.
public struct LookupLimits: Sendable, Hashable {
    /// How many peers make up a result (`k` of the specification).
    public var k = 20
    /// Requests open at once (go-libp2p-kad-dht: 10).
    public var alpha = 10
    /// How many of the nearest must have answered to end the search (go-libp2p-kad-dht's resiliency: 3).
    public var beta = 3
    /// Peers taken from one answer; more than `k` is not asked for.
    public var peersPerAnswer = 40
    /// Peers remembered in one lookup. A lookup in a million peers hears of some hundred.
    public var maxPeers = 2_000
    /// Requests made in one lookup, so that invented ever nearer peers can't keep it going.
    public var maxRequests = 300

    /// The parameters of the public network.
    public init() {}
}
