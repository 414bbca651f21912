import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore

/// The rules of gossipsub 1.2 and floodsub, as a value: events in, actions out, with the time and chance passed in.
///
/// After each event ``takeActions()`` must be called. What peers are told travels in the order of the actions.
///
/// Spec: libp2p/specs pubsub/gossipsub, 1.0 to 1.2.
struct GossipRouter {
    let configuration: GossipConfiguration
    let ownID: PeerID
    let random: RandomSource
    /// The envelope of a peer's signed record, if it is known, to be named to others.
    let signedRecord: @Sendable (PeerID) -> [UInt8]?

    var peers: [PeerID: RouterPeer] = [:]
    var topics: [String: RouterTopic] = [:]
    var fanouts: [String: Fanout] = [:]
    var backoffs: BackoffTable
    var seen: SeenCache
    var cache: MessageCache
    var promises: PromiseTable
    var scores: ScoreBoard
    var statistics = PubSubStatistics()
    var actions: [RouterAction] = []
    var controls = PendingControls()
    var tick: UInt64 = 0
    private var nextOrdinal: UInt64 = 0

    init(
        _ configuration: GossipConfiguration, ownID: PeerID, random: RandomSource,
        signedRecord: @escaping @Sendable (PeerID) -> [UInt8]? = { _ in nil }
    ) {
        self.configuration = configuration
        self.ownID = ownID
        self.random = random
        self.signedRecord = signedRecord
        let limits = configuration.limits
        backoffs = BackoffTable(limit: limits.backoffs)
        seen = SeenCache(lifetime: TimeAmount(configuration.seenLifetime), limit: limits.seenIDs)
        cache = MessageCache(
            length: configuration.historyLength, gossip: configuration.historyGossip, limit: limits.cacheBytes)
        promises = PromiseTable(limit: limits.promises)
        scores = ScoreBoard(configuration.score, limit: limits.retainedScores)
    }

    /// Takes out what is to be done.
    mutating func takeActions() -> [RouterAction] {
        defer { actions = [] }
        return actions + controls.take()
    }

    // MARK: Peers

    /// A peer is here: it is told what this node is subscribed to.
    mutating func add(
        _ peer: PeerID, _ kind: PubSubProtocol, isOutbound: Bool, address: IPAddress?, at now: NIODeadline
    ) {
        guard peers[peer] == nil else { return }
        peers[peer] = RouterPeer(kind: kind, isOutbound: isOutbound, ordinal: nextOrdinal)
        nextOrdinal += 1
        scores.add(peer, address: address)
        greet(peer)
    }

    /// The stream to a peer is a new one: what was sent on the old one may be lost.
    mutating func renew(_ peer: PeerID) {
        guard peers[peer] != nil else { return }
        for topic in topics.keys.sorted() { leaveMesh(topic, peer) }
        controls.drop(peer)
        greet(peer)
    }

    /// A peer has gone.
    mutating func remove(_ peer: PeerID, at now: NIODeadline) {
        guard let gone = peers[peer] else { return }
        for topic in gone.topics { forget(peer, in: topic) }
        peers[peer] = nil
        controls.drop(peer)
        scores.remove(peer, at: now)
    }

    /// The score of a peer.
    func score(_ peer: PeerID, at now: NIODeadline) -> Double { scores.value(of: peer, at: now) }

    private mutating func greet(_ peer: PeerID) {
        guard !topics.isEmpty else { return }
        let all = topics.keys.sorted().map { RPC.Subscription(topic: $0, isWanted: true) }
        // In parts that every reader takes.
        for start in stride(from: 0, to: all.count, by: Self.subscriptionsPerRPC) {
            let part = Array(all[start..<min(start + Self.subscriptionsPerRPC, all.count)])
            actions.append(.send(RPC(subscriptions: part).frame(), to: [peer], isUrgent: true))
        }
    }

    private static let subscriptionsPerRPC = 500

    // MARK: Lists of peers

    /// Peers in the order in which they came.
    func ordered(_ ids: some Sequence<PeerID>) -> [PeerID] {
        ids.compactMap { id in peers[id].map { (ordinal: $0.ordinal, id: id) } }
            .sorted { $0.ordinal < $1.ordinal }.map(\.id)
    }

    /// Peers in an order drawn by lot.
    func shuffled(_ ids: some Sequence<PeerID>) -> [PeerID] {
        var generator = random.generator
        return ordered(ids).shuffled(using: &generator)
    }

    /// The peers that are subscribed to a topic.
    func subscribers(of topic: String) -> Set<PeerID> {
        topics[topic]?.subscribers ?? Set(peers.filter { $0.value.topics.contains(topic) }.keys)
    }

    // MARK: The mesh

    /// Takes a peer in, and tells it.
    mutating func graft(_ peer: PeerID, _ topic: String, at now: NIODeadline) {
        enterMesh(topic, peer, at: now)
        controls.add(to: peer) { $0.graft.append(topic) }
    }

    /// Notes that a peer is in a mesh.
    mutating func enterMesh(_ topic: String, _ peer: PeerID, at now: NIODeadline) {
        guard topics[topic]?.mesh.insert(peer).inserted == true else { return }
        scores.note(peer) { $0.enterMesh(topic, at: now) }
        statistics.grafts += 1
    }

    /// Notes that a peer is in a mesh no more.
    mutating func leaveMesh(_ topic: String, _ peer: PeerID) {
        guard topics[topic]?.mesh.remove(peer) != nil else { return }
        scores.note(peer) { $0.leaveMesh(topic) }
        statistics.prunes += 1
    }

    /// Sends a peer out of a mesh or refuses to take it in, and keeps it out for a time.
    ///
    /// - Parameter exchanges: whether it is told of others to go to.
    mutating func prune(
        _ peer: PeerID, _ topic: String, backoff: Duration, exchanges: Bool, at now: NIODeadline
    ) {
        leaveMesh(topic, peer)
        backoffs.keepOut(topic, peer, until: now + TimeAmount(backoff))
        var prune = ControlMessage.Prune(topic: topic)
        if let kind = peers[peer]?.kind, kind >= .meshsub11 {
            prune.backoff = UInt64(clamping: backoff.components.seconds)
            if exchanges { prune.peers = exchangedPeers(for: peer, in: topic, at: now) }
        }
        controls.add(to: peer) { $0.prune.append(prune) }
    }

    private func exchangedPeers(
        for peer: PeerID, in topic: String, at now: NIODeadline
    ) -> [ControlMessage.ExchangedPeer] {
        let candidates = subscribers(of: topic).filter { candidate in
            candidate != peer && peers[candidate]?.kind.hasMesh == true && score(candidate, at: now) >= 0
        }
        return shuffled(candidates).prefix(configuration.exchangedPeers).map {
            ControlMessage.ExchangedPeer(id: $0.bytes, record: signedRecord($0))
        }
    }

    /// A peer is subscribed to a topic no more.
    mutating func forget(_ peer: PeerID, in topic: String) {
        leaveMesh(topic, peer)
        topics[topic]?.subscribers.remove(peer)
        topics[topic]?.floodPeers.remove(peer)
        fanouts[topic]?.peers.remove(peer)
    }

    /// Notes offences of a peer.
    mutating func punish(_ peer: PeerID, _ count: Int = 1) {
        scores.note(peer) { $0.addOffences(count) }
        statistics.offences += UInt64(count)
    }
}
