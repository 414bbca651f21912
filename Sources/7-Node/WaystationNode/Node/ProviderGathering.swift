import DelegatedRouting
import LibP2PCore
import LibP2PIdentity
import LibP2PKademlia
import Multiformats
import Synchronization

/// The providers of one search, from all DHTs: each is told once, and those that come without addresses when these were
/// looked for.
final class ProviderGathering: Sendable {
    private enum Standing {
        /// It has no addresses yet.
        case homeless
        case told
    }

    /// Peers whose addresses are looked for at a time.
    private static let atOnce = 8
    /// Peers that wait for that; more are told without addresses.
    private static let maxWaiting = 64
    /// How long it is looked for the addresses of one: a third of a request's time.
    private static let patience = Duration.seconds(10)

    private let limit: Int
    private let onFound: @Sendable (RoutingRecord) -> Void
    private let standings = Mutex<[PeerID: Standing]>([:])
    private let homeless: AsyncStream<PeerID>
    private let queue: AsyncStream<PeerID>.Continuation

    /// - Parameter limit: peers that are told at most; 0 for any number.
    init(limit: Int, _ onFound: @escaping @Sendable (RoutingRecord) -> Void) {
        self.limit = limit > 0 ? limit : .max
        self.onFound = onFound
        (homeless, queue) = AsyncStream.makeStream(of: PeerID.self, bufferingPolicy: .bufferingOldest(Self.maxWaiting))
    }

    /// Takes what a DHT found.
    func take(_ peer: FoundPeer) {
        let isNews = standings.withLock { standings in
            switch standings[peer.id] {
            case .told: return false
            case .homeless:
                guard !peer.addresses.isEmpty else { return false }
                standings[peer.id] = .told
                return true
            case nil:
                guard standings.count < limit else { return false }
                standings[peer.id] = peer.addresses.isEmpty ? .homeless : .told
                return true
            }
        }
        guard isNews else { return }
        guard peer.addresses.isEmpty else {
            return onFound(RoutingRecord(id: peer.id, addresses: peer.addresses))
        }
        if case .enqueued = queue.yield(peer.id) { return }
        settle(peer.id, at: [])
    }

    /// There is no more to be found.
    func finish() { queue.finish() }

    /// Looks for the addresses of those who have none, until ``finish()``. When its task is cancelled, those that are left
    /// are told as they are.
    func house(
        on executor: LoopExecutor, _ find: @escaping @Sendable (PeerID) async -> [Multiaddr]
    ) async {
        await withTaskGroup(of: Void.self) { group in
            var underWay = 0
            for await peer in homeless {
                if underWay >= Self.atOnce { await group.next() } else { underWay += 1 }
                group.addTask {
                    let found = try? await withDeadline(Self.patience, on: executor) { await find(peer) }
                    self.settle(peer, at: found ?? [])
                }
            }
        }
        let left = standings.withLock { standings in
            standings.compactMap { peer, standing in if case .homeless = standing { peer } else { nil } }
        }
        for peer in left { settle(peer, at: []) }
    }

    /// Tells of a peer, unless another DHT knew its addresses meanwhile.
    private func settle(_ peer: PeerID, at addresses: [Multiaddr]) {
        let isWaiting = standings.withLock { standings in
            guard case .homeless = standings[peer] else { return false }
            standings[peer] = .told
            return true
        }
        if isWaiting { onFound(RoutingRecord(id: peer, addresses: addresses)) }
    }
}
