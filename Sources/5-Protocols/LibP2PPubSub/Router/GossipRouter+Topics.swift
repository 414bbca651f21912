import LibP2PIdentity
import NIOCore

// Being in topics, and others being in them.
extension GossipRouter {
    /// Enters a topic: tells all peers, and makes a mesh of those who are there.
    mutating func join(_ topic: String, at now: NIODeadline) {
        guard topics[topic] == nil else { return }
        var state = RouterTopic()
        for (id, peer) in peers where peer.topics.contains(topic) {
            state.subscribers.insert(id)
            if !peer.kind.hasMesh { state.floodPeers.insert(id) }
        }
        topics[topic] = state
        announce(topic, isWanted: true)
        // Those who were published to so far are known to be there.
        let known = fanouts.removeValue(forKey: topic)?.peers ?? []
        let missing = configuration.degree
        let first = candidates(for: topic, at: now, atMost: missing) { known.contains($0) }
        for peer in first { graft(peer, topic, at: now) }
        for peer in candidates(for: topic, at: now, atMost: missing - first.count) { graft(peer, topic, at: now) }
    }

    /// Leaves a topic.
    mutating func leave(_ topic: String, at now: NIODeadline) {
        guard let state = topics[topic] else { return }
        announce(topic, isWanted: false)
        for peer in ordered(state.mesh) {
            prune(peer, topic, backoff: configuration.unsubscribeBackoff, exchanges: true, at: now)
        }
        topics[topic] = nil
    }

    private mutating func announce(_ topic: String, isWanted: Bool) {
        let rpc = RPC(subscriptions: [.init(topic: topic, isWanted: isWanted)])
        actions.append(.send(rpc.frame(), to: ordered(peers.keys), isUrgent: true))
    }

    /// A peer enters or leaves a topic.
    mutating func receive(_ subscription: RPC.Subscription, from peer: PeerID, at now: NIODeadline) {
        let topic = subscription.topic
        guard 1...configuration.limits.topicLength ~= topic.utf8.count, let kind = peers[peer]?.kind else { return }
        guard subscription.isWanted else {
            peers[peer]?.topics.remove(topic)
            forget(peer, in: topic)
            return
        }
        // A peer's list can't be filled so that the topics that matter here have no place in it.
        let count = peers[peer]?.topics.count ?? 0
        guard topics[topic] != nil || count < configuration.limits.topicsPerPeer else { return }
        // Sets are changed where they are: a copy at hand would have each of them copied for each subscription.
        peers[peer]?.topics.insert(topic)
        guard let meshSize = topics[topic]?.mesh.count else { return }
        topics[topic]?.subscribers.insert(peer)
        if !kind.hasMesh {
            topics[topic]?.floodPeers.insert(peer)
        } else if meshSize < configuration.degreeLow, isCandidate(peer, for: topic, at: now) {
            // A small mesh does not wait for the heartbeat.
            graft(peer, topic, at: now)
        }
    }

    /// Peers that a mesh could take in, drawn by lot.
    func candidates(
        for topic: String, at now: NIODeadline, atMost count: Int, where isWanted: (PeerID) -> Bool = { _ in true }
    ) -> [PeerID] {
        guard count > 0, let state = topics[topic] else { return [] }
        let fit = state.subscribers.filter { isWanted($0) && isCandidate($0, for: topic, at: now) }
        return Array(shuffled(fit).prefix(count))
    }

    private func isCandidate(_ peer: PeerID, for topic: String, at now: NIODeadline) -> Bool {
        guard let state = topics[topic], !state.mesh.contains(peer), peers[peer]?.kind.hasMesh == true else {
            return false
        }
        // The other side's clock is not ours: a heartbeat more costs nothing, coming too early is an offence.
        if let end = backoffs.end(topic, peer), now < end + TimeAmount(configuration.heartbeat) { return false }
        return score(peer, at: now) >= 0
    }
}
