public import LibP2PIdentity

/// An iterative lookup: which peer to ask next, and when the search is over.
///
/// The rules are those of go-libp2p-kad-dht. At most `alpha` requests are open, always to the nearest peers heard of;
/// the search ends when the `beta` nearest peers that are not known to be unreachable have all answered, or when there
/// is nobody left to ask. Then the rest of the `k` nearest are asked too, so that the result is made of peers that
/// live. A value: answers and failures in, the next peers to ask out.
///
/// Hostile answers can invent ever nearer peers, so the number of peers remembered and of requests made is bounded.
public struct Lookup: Sendable {
    /// What a lookup knows of a peer.
    public enum State: Sendable, Hashable {
        /// Somebody named it.
        case heard
        /// A request to it is open.
        case waiting
        /// It answered.
        case queried
        /// It could not be reached or gave no answer.
        case unreachable
    }

    /// What the owner shall do now.
    public enum Step: Sendable, Hashable {
        /// Ask these peers; the lookup counts them as waiting.
        case ask([PeerID])
        /// Nothing until an open request ends.
        case wait
        /// The lookup is over.
        case done
    }

    private enum Phase {
        case searching
        case confirming
        case finished
    }

    private struct Candidate {
        let peer: PeerID
        let distance: KademliaKey
        let hops: Int
        var state: State
    }

    /// What is looked for.
    public let target: KademliaKey
    private let ownID: PeerID
    private let limits: LookupLimits
    private var phase = Phase.searching
    /// Nearest first.
    private var candidates: [Candidate] = []
    private var known: Set<PeerID> = []
    private var open = 0

    /// How many requests have been made.
    public private(set) var requests = 0

    /// Starts from the peers of the routing table that are nearest to the target.
    public init(target: KademliaKey, ownID: PeerID, seeds: [PeerID], limits: LookupLimits = .init()) {
        self.target = target
        self.ownID = ownID
        self.limits = limits
        for seed in seeds { hear(of: seed, hops: 1) }
    }

    /// The next decision. Call it at the start and after each event.
    public mutating func next() -> Step {
        if phase == .searching, isConverged || open == 0 && !candidates.contains(where: { $0.state == .heard }) {
            phase = .confirming
        }
        if requests >= limits.maxRequests, open == 0 { phase = .finished }
        switch phase {
        case .searching:
            return ask(within: candidates.indices, parallel: limits.alpha)
        case .confirming:
            let nearest = nearestReachable(limits.k)
            guard nearest.contains(where: { [.heard, .waiting].contains(candidates[$0].state) }) else {
                phase = .finished
                return .done
            }
            return ask(within: nearest, parallel: limits.k)
        case .finished:
            return .done
        }
    }

    /// A peer answered and named others.
    public mutating func answered(_ peer: PeerID, naming others: [PeerID]) {
        guard let hops = settle(peer, as: .queried) else { return }
        // While confirming, the set is closed: the answer only proves that the peer lives.
        guard phase == .searching else { return }
        for other in others.prefix(limits.peersPerAnswer) { hear(of: other, hops: hops + 1) }
    }

    /// A peer failed.
    public mutating func failed(_ peer: PeerID) {
        _ = settle(peer, as: .unreachable)
    }

    /// Ends the lookup: what was looked for is found, or time is up.
    public mutating func stop() { phase = .finished }

    /// The nearest peers that are not known to be unreachable, nearest first, at most `k`.
    public var nearest: [PeerID] { nearestReachable(limits.k).map { candidates[$0].peer } }

    /// The nearest peers that answered, nearest first, at most `k`.
    public var nearestAnswering: [PeerID] {
        Array(candidates.lazy.filter { $0.state == .queried }.map(\.peer).prefix(limits.k))
    }

    /// How far the nearest peer that answered was: 1 for one of this node's own table, one more for each referral.
    public var hops: Int { candidates.first { $0.state == .queried }?.hops ?? 0 }

    /// What is known of a peer; nil if nobody named it.
    public func state(of peer: PeerID) -> State? { candidates.first { $0.peer == peer }?.state }

    private var isConverged: Bool {
        let nearest = nearestReachable(limits.beta)
        return !nearest.isEmpty && nearest.allSatisfy { candidates[$0].state == .queried }
    }

    private func nearestReachable(_ count: Int) -> [Int] {
        Array(candidates.indices.lazy.filter { candidates[$0].state != .unreachable }.prefix(count))
    }

    private mutating func ask(within indices: some Collection<Int>, parallel: Int) -> Step {
        let budget = min(parallel - open, limits.maxRequests - requests)
        var peers: [PeerID] = []
        for index in indices where candidates[index].state == .heard {
            guard peers.count < budget else { break }
            candidates[index].state = .waiting
            peers.append(candidates[index].peer)
        }
        open += peers.count
        requests += peers.count
        return peers.isEmpty ? .wait : .ask(peers)
    }

    /// Ends the open request to a peer; nil if there is none, for instance because it was settled before.
    private mutating func settle(_ peer: PeerID, as state: State) -> Int? {
        guard let index = candidates.firstIndex(where: { $0.peer == peer && $0.state == .waiting }) else { return nil }
        candidates[index].state = state
        open -= 1
        return candidates[index].hops
    }

    private mutating func hear(of peer: PeerID, hops: Int) {
        guard peer != ownID, known.count < limits.maxPeers, known.insert(peer).inserted else { return }
        let distance = KademliaKey(peer).distance(to: target)
        let candidate = Candidate(peer: peer, distance: distance, hops: hops, state: .heard)
        var low = 0
        var high = candidates.count
        while low < high {
            let middle = (low + high) / 2
            if candidates[middle].distance < distance { low = middle + 1 } else { high = middle }
        }
        candidates.insert(candidate, at: low)
    }
}
