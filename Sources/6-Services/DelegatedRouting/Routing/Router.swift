public import LibP2PIdentity
public import Multiformats

/// Answers questions of who has what and who is where: a DHT, another delegate, or several of them put together. What
/// limits, caches and merges is a router around other routers.
///
/// Every search ends early when its task is cancelled. Routers throw ``RoutingError``; to find nothing is no error.
public protocol Router: Sendable {
    /// What is known without asking anybody, each peer once; nil when somebody must be asked.
    func known(_ question: RoutingQuestion) -> [RoutingRecord]?

    /// Finds peers that provide some content.
    ///
    /// - Parameters:
    ///   - limit: providers after which the search may end; 0 for as many as there are.
    ///   - onFound: is told of each provider as soon as it is known, and again with all its addresses when further ones
    ///     come to light. May be called on any thread.
    func findProviders(
        of cid: CID, limit: Int, onFound: @escaping @Sendable (RoutingRecord) -> Void) async throws

    /// Finds where a peer can be reached.
    ///
    /// - Parameter onFound: is told what each source says, as soon as it does.
    func findPeer(_ peer: PeerID, onFound: @escaping @Sendable (RoutingRecord) -> Void) async throws

    /// The peers nearest to a key that answer now, the nearest first.
    ///
    /// - Parameter onStep: is told how the search goes.
    func closestPeers(
        to key: [UInt8], onStep: @escaping @Sendable (QueryEvent) -> Void
    ) async throws -> [RoutingRecord]

    /// The best valid value of a key, such as `/ipns/` and a peer id's bytes; nil when there is none.
    func value(of key: [UInt8]) async throws -> [UInt8]?

    /// Publishes a value, now and again until it runs out.
    ///
    /// - Returns: the peers that took it, as far as they are known.
    func put(_ value: [UInt8], key: [UInt8]) async throws -> [PeerID]

    /// Tells the network that this node provides some content.
    ///
    /// - Returns: the peers that were told, as far as they are known.
    func provide(_ cid: CID) async throws -> [PeerID]

    /// Like ``provide(_:)``, and does not wait until the network was told. What was told lately is not told again.
    func beginProviding(_ cid: CID) async throws
}

extension Router {
    /// Knows nothing by itself.
    public func known(_ question: RoutingQuestion) -> [RoutingRecord]? { nil }
}

/// A question whose answer is a list of records, and may be remembered.
public enum RoutingQuestion: Hashable, Sendable {
    /// Who provides some content: all CIDs of one multihash are the same content.
    case providers(Multihash)
    /// Where a peer can be reached.
    case peer(PeerID)
}
