import LibP2PCore
import LibP2PIdentity
import NIOCore

// Upkeep, once a heartbeat.
extension GossipRouter {
    /// Keeps the meshes in shape, gossips, and forgets what is too old.
    mutating func heartbeat(at now: NIODeadline) {
        tick += 1
        peers.updateValues { [tick, configuration] in
            $0.beginHeartbeat(tick, unwantedLifetime: configuration.unwantedLifetime)
        }
        scores.decay(at: now)
        for (peer, count) in promises.takeBroken(at: now) { punish(peer, count) }
        seen.expire(at: now)
        backoffs.forget(endedBefore: now - TimeAmount(configuration.heartbeat))
        let gossip = cache.gossip()
        for topic in topics.keys.sorted() {
            maintainMesh(topic, at: now)
            emit(gossip[topic] ?? [], topic, at: now)
        }
        maintainFanouts(gossip, at: now)
        cache.shift()
        refreshGauges(at: now)
    }

    // MARK: Meshes

    private mutating func maintainMesh(_ topic: String, at now: NIODeadline) {
        for peer in ordered(topics[topic]?.mesh ?? []) where score(peer, at: now) < 0 {
            prune(peer, topic, backoff: configuration.pruneBackoff, exchanges: false, at: now)
        }
        let count = meshSize(topic)
        if count < configuration.degreeLow {
            for peer in candidates(for: topic, at: now, atMost: configuration.degree - count) {
                graft(peer, topic, at: now)
            }
        }
        if meshSize(topic) > configuration.degreeHigh { thinOut(topic, at: now) }
        if meshSize(topic) >= configuration.degreeLow { addOutbound(topic, at: now) }
        if tick.isMultiple(of: configuration.opportunisticHeartbeats) { improve(topic, at: now) }
    }

    private func meshSize(_ topic: String) -> Int { topics[topic]?.mesh.count ?? 0 }

    /// Sends peers away until as many are left as a mesh wants: the best, and others by lot, with enough of those that
    /// this node dialled.
    private mutating func thinOut(_ topic: String, at now: NIODeadline) {
        let ranked = shuffled(topics[topic]?.mesh ?? []).map { (peer: $0, score: score($0, at: now)) }
            .sorted { $0.score > $1.score }.map(\.peer)
        let best = ranked.prefix(configuration.degreeScore)
        var kept = Array(best) + shuffled(ranked.dropFirst(configuration.degreeScore))
        var rest = Array(kept.dropFirst(configuration.degree))
        kept = Array(kept.prefix(configuration.degree))
        // From the end: those who stay for their score go last.
        var missing = configuration.degreeOut - kept.count(where: isOutbound)
        var place = kept.count - 1
        while missing > 0, place >= 0, let spare = rest.firstIndex(where: isOutbound) {
            if !isOutbound(kept[place]) {
                swap(&kept[place], &rest[spare])
                missing -= 1
            }
            place -= 1
        }
        for peer in rest {
            prune(peer, topic, backoff: configuration.pruneBackoff, exchanges: true, at: now)
        }
    }

    private mutating func addOutbound(_ topic: String, at now: NIODeadline) {
        let missing = configuration.degreeOut - (topics[topic]?.mesh.count(where: isOutbound) ?? 0)
        for peer in candidates(for: topic, at: now, atMost: missing, where: isOutbound) {
            graft(peer, topic, at: now)
        }
    }

    /// Takes better peers in when the middle one of a mesh is a poor one.
    private mutating func improve(_ topic: String, at now: NIODeadline) {
        let values = (topics[topic]?.mesh ?? []).map { score($0, at: now) }.sorted()
        guard values.count > 1 else { return }
        let median = values[values.count / 2]
        guard median < configuration.score.opportunisticThreshold else { return }
        let better = candidates(for: topic, at: now, atMost: configuration.opportunisticPeers) {
            score($0, at: now) > median
        }
        for peer in better { graft(peer, topic, at: now) }
    }

    private func isOutbound(_ peer: PeerID) -> Bool { peers[peer]?.isOutbound == true }

    // MARK: Gossip

    private mutating func emit(
        _ ids: [MessageID], _ topic: String, besides excluded: Set<PeerID> = [], at now: NIODeadline
    ) {
        guard !ids.isEmpty else { return }
        let mesh = topics[topic]?.mesh ?? []
        let threshold = configuration.score.gossipThreshold
        let others = subscribers(of: topic).filter { peer in
            !mesh.contains(peer) && !excluded.contains(peer) && peers[peer]?.kind.hasMesh == true
                && score(peer, at: now) >= threshold
        }
        let count = max(configuration.degreeLazy, Int(configuration.gossipFactor * Double(others.count)))
        var generator = random.generator
        for peer in shuffled(others).prefix(count) {
            // When there are too many, each peer gets others of them.
            let limit = configuration.maxAdvertisedIDs
            let chosen = ids.count <= limit ? ids : Array(ids.shuffled(using: &generator).prefix(limit))
            controls.add(to: peer) { $0.iHave.append(.init(topic: topic, ids: chosen)) }
        }
    }

    private mutating func maintainFanouts(_ gossip: [String: [MessageID]], at now: NIODeadline) {
        let lifetime = TimeAmount(configuration.fanoutLifetime)
        for topic in fanouts.keys.sorted() {
            guard var fanout = fanouts[topic], now - fanout.lastPublished < lifetime else {
                fanouts[topic] = nil
                continue
            }
            let threshold = configuration.score.publishThreshold
            fanout.peers = fanout.peers.filter { score($0, at: now) >= threshold }
            if fanout.peers.count < configuration.degree {
                let others = subscribers(of: topic).filter {
                    peers[$0]?.kind.hasMesh == true && score($0, at: now) >= threshold && !fanout.peers.contains($0)
                }
                fanout.peers.formUnion(shuffled(others).prefix(configuration.degree - fanout.peers.count))
            }
            fanouts[topic] = fanout
            emit(gossip[topic] ?? [], topic, besides: fanout.peers, at: now)
        }
    }

    private mutating func refreshGauges(at now: NIODeadline) {
        statistics.peers = peers.count
        statistics.topics = topics.count
        statistics.subscriptions = topics.values.reduce(0) { $0 + $1.subscribers.count }
        statistics.meshPeers = topics.values.reduce(0) { $0 + $1.mesh.count }
        statistics.cachedBytes = cache.byteCount
        let threshold = configuration.score.graylistThreshold
        statistics.graylistedPeers = peers.keys.count { score($0, at: now) < threshold }
    }
}
