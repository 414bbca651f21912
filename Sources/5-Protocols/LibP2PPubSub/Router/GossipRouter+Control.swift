import LibP2PCore
import LibP2PIdentity
import NIOCore

// What peers of a mesh tell one another.
extension GossipRouter {
    mutating func receive(_ control: ControlMessage, from peer: PeerID, at now: NIODeadline) {
        let hears = score(peer, at: now) >= configuration.score.gossipThreshold
        if !control.iHave.isEmpty, hears { receive(advertised: control.iHave, from: peer, at: now) }
        if !control.iWant.isEmpty, hears { answer(control.iWant, from: peer) }
        for topic in control.graft { receiveGraft(topic, from: peer, at: now) }
        for prune in control.prune { receive(prune, from: peer, at: now) }
        if !control.iDontWant.isEmpty { note(unwanted: control.iDontWant, of: peer) }
    }

    // MARK: Gossip

    private mutating func receive(
        advertised: [ControlMessage.IHave], from peer: PeerID, at now: NIODeadline
    ) {
        guard var known = peers[peer], known.kind.hasMesh else { return }
        known.advertisements += 1
        defer { peers[peer] = known }
        guard known.advertisements <= configuration.maxAdvertisements else { return }
        var room = configuration.maxAdvertisedIDs - known.advertisedIDs
        var wanted: [MessageID] = []
        var asked: Set<MessageID> = []
        for entry in advertised {
            guard let topic = entry.topic, topics[topic] != nil else { continue }
            for id in entry.ids where room > 0 && !seen.contains(id) && asked.insert(id).inserted {
                wanted.append(id)
                room -= 1
            }
        }
        guard !wanted.isEmpty else { return }
        known.advertisedIDs += wanted.count
        var generator = random.generator
        wanted.shuffle(using: &generator)
        promises.expect(wanted[0], from: peer, by: now + TimeAmount(configuration.followUp))
        controls.add(to: peer) { $0.iWant += wanted }
    }

    private mutating func answer(_ ids: [MessageID], from peer: PeerID) {
        for id in ids where peers[peer]?.unwanted[id] == nil {
            let limit = configuration.maxRetransmissions
            guard let frame = cache.frame(of: id, for: peer, atMost: limit) else { continue }
            statistics.sentMessages += 1
            actions.append(.send(frame, to: [peer], isUrgent: false))
        }
    }

    private mutating func note(unwanted ids: [MessageID], of peer: PeerID) {
        guard let noted = peers[peer]?.unwantedIDs else { return }
        for id in ids.prefix(max(0, configuration.maxUnwantedIDs - noted)) { peers[peer]?.unwanted[id] = tick }
        peers[peer]?.unwantedIDs += ids.count
    }

    // MARK: The mesh

    private mutating func receiveGraft(_ topic: String, from peer: PeerID, at now: NIODeadline) {
        // An answer for every topic that one can think of would be a gift to flooders.
        guard let mesh = topics[topic]?.mesh, let known = peers[peer], known.kind.hasMesh else { return }
        guard !mesh.contains(peer) else { return }
        let backoff = configuration.pruneBackoff
        if let end = backoffs.end(topic, peer), now < end {
            punish(peer)
            // Sent out a moment ago: it does not even look at what it is told.
            let flood = end + TimeAmount(configuration.graftFlood) - TimeAmount(backoff)
            if now < flood { punish(peer) }
            return prune(peer, topic, backoff: backoff, exchanges: false, at: now)
        }
        guard score(peer, at: now) >= 0 else {
            return prune(peer, topic, backoff: backoff, exchanges: false, at: now)
        }
        guard mesh.count < configuration.degreeHigh || known.isOutbound else {
            return prune(peer, topic, backoff: backoff, exchanges: true, at: now)
        }
        // A GRAFT says that the peer is in the topic, whether its subscription came before it or not.
        receive(RPC.Subscription(topic: topic, isWanted: true), from: peer, at: now)
        enterMesh(topic, peer, at: now)
    }

    private mutating func receive(_ prune: ControlMessage.Prune, from peer: PeerID, at now: NIODeadline) {
        guard topics[prune.topic] != nil, peers[peer]?.kind.hasMesh == true else { return }
        leaveMesh(prune.topic, peer)
        let asked = prune.backoff.map { Duration.seconds(Int64(clamping: $0)) } ?? .zero
        let backoff = asked > .zero ? min(asked, configuration.maxBackoff) : configuration.pruneBackoff
        backoffs.keepOut(prune.topic, peer, until: now + TimeAmount(backoff))
        connect(toThoseNamedIn: prune, by: peer, at: now)
    }

    /// Believes a peer that names others, if its score is good enough and the mesh needs them.
    private mutating func connect(
        toThoseNamedIn prune: ControlMessage.Prune, by peer: PeerID, at now: NIODeadline
    ) {
        guard configuration.acceptsExchange, !prune.peers.isEmpty, let state = topics[prune.topic],
            state.mesh.count < configuration.degree,
            score(peer, at: now) >= configuration.score.exchangeThreshold
        else { return }
        var generator = random.generator
        let strangers = prune.peers.compactMap { named -> (PeerID, [UInt8]?)? in
            guard let id = try? PeerID(bytes: named.id), id != ownID, peers[id] == nil else { return nil }
            return (id, named.record)
        }
        for (id, record) in strangers.shuffled(using: &generator).prefix(configuration.exchangedPeers) {
            actions.append(.connect(id, record: record))
        }
    }
}
