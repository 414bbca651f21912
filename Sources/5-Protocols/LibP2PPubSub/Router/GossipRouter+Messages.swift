import LibP2PIdentity
import NIOCore

// Messages on their way.
extension GossipRouter {
    /// Takes in what a peer sent.
    ///
    /// - Parameter validate: what the application makes of a message that is new and signed.
    mutating func receive(
        _ rpc: RPC, from peer: PeerID, at now: NIODeadline,
        validate: (PubSubMessage) -> PubSubVerdict = { _ in .accept }
    ) {
        guard peers[peer] != nil else { return }
        statistics.receivedRPCs += 1
        guard score(peer, at: now) >= configuration.score.graylistThreshold else {
            statistics.graylistedRPCs += 1
            return
        }
        for subscription in rpc.subscriptions { receive(subscription, from: peer, at: now) }
        for message in rpc.messages { receive(message, from: peer, at: now, validate) }
        if !rpc.control.isEmpty { receive(rpc.control, from: peer, at: now) }
    }

    /// Writes a message of this node's, which is signed already.
    ///
    /// - Returns: how many peers it is sent to.
    mutating func publish(_ message: WireMessage, at now: NIODeadline) -> Int {
        guard let topic = message.topic, let id = message.id, seen.insert(id, at: now) else { return 0 }
        statistics.publishedMessages += 1
        let frame = RPC(messages: [message]).frame()
        cache.insert(id, topic: topic, frame: frame)
        let targets = publishTargets(topic, at: now)
        send(frame, to: targets)
        return targets.count
    }

    private mutating func publishTargets(_ topic: String, at now: NIODeadline) -> [PeerID] {
        let threshold = configuration.score.publishThreshold
        let all = subscribers(of: topic).filter { score($0, at: now) >= threshold }
        guard !configuration.floodsPublishing else { return ordered(all) }
        let flood = all.filter { peers[$0]?.kind.hasMesh == false }
        if let state = topics[topic], !state.mesh.isEmpty { return ordered(state.mesh.union(flood)) }
        if fanouts[topic] == nil, fanouts.count >= configuration.limits.fanoutTopics {
            let oldest = fanouts.min { ($0.value.lastPublished, $0.key) < ($1.value.lastPublished, $1.key) }
            if let oldest { fanouts[oldest.key] = nil }
        }
        var fanout = fanouts[topic] ?? Fanout(lastPublished: now)
        fanout.lastPublished = now
        if fanout.peers.isEmpty {
            fanout.peers = Set(shuffled(all.subtracting(flood)).prefix(configuration.degree))
        }
        // A topic that this node is in has a mesh soon; what is published before that goes to some peers once.
        if topics[topic] == nil { fanouts[topic] = fanout }
        return ordered(fanout.peers.union(flood))
    }

    private mutating func receive(
        _ message: WireMessage, from peer: PeerID, at now: NIODeadline, _ validate: (PubSubMessage) -> PubSubVerdict
    ) {
        guard isWithinRate(peer) else { return }
        guard let topic = message.topic, topics[topic] != nil else {
            statistics.ignoredMessages += 1
            return
        }
        if let id = message.id, seen.contains(id) {
            statistics.duplicateMessages += 1
            return
        }
        // An id is noted only when its author has signed for it, or anyone could keep a message from being seen.
        guard let author = try? message.verifiedAuthor(), let id = message.id else {
            statistics.invalidMessages += 1
            scores.note(peer) { $0.addInvalidMessage(topic) }
            return
        }
        _ = seen.insert(id, at: now)
        promises.keep(id)
        // Forgotten by now, and somebody sends it again.
        guard author != ownID else {
            statistics.ignoredMessages += 1
            return
        }
        let data = message.data.map { $0.withUnsafeReadableBytes { [UInt8]($0) } } ?? []
        let delivery = PubSubMessage(id: id, author: author, topic: topic, data: data)
        switch validate(delivery) {
        case .ignore: statistics.ignoredMessages += 1
        case .reject:
            statistics.invalidMessages += 1
            scores.note(peer) { $0.addInvalidMessage(topic) }
        case .accept:
            statistics.acceptedMessages += 1
            scores.note(peer) { $0.addFirstDelivery(topic, configuration.score) }
            sendOn(message, id, topic, from: peer, by: author, at: now)
            actions.append(.deliver(delivery))
        }
    }

    /// Counts a peer's message to what it may send within a heartbeat.
    private mutating func isWithinRate(_ peer: PeerID) -> Bool {
        let limit = configuration.limits.messagesPerHeartbeat
        let count = (peers[peer]?.messages ?? 0) + 1
        peers[peer]?.messages = count
        guard count > limit else { return true }
        statistics.floodedMessages += 1
        if count == limit + 1 { punish(peer) }
        return false
    }

    private mutating func sendOn(
        _ message: WireMessage, _ id: MessageID, _ topic: String, from peer: PeerID, by author: PeerID,
        at now: NIODeadline
    ) {
        let frame = RPC(messages: [message]).frame()
        cache.insert(id, topic: topic, frame: frame)
        guard let state = topics[topic] else { return }
        let threshold = configuration.score.publishThreshold
        let flood = state.floodPeers.filter { score($0, at: now) >= threshold }
        let targets = ordered(state.mesh.union(flood)).filter {
            $0 != peer && $0 != author && peers[$0]?.unwanted[id] == nil
        }
        send(frame, to: targets)
        guard frame.readableBytes >= configuration.announcedSize else { return }
        for other in ordered(state.mesh) where other != peer && peers[other]?.kind == .meshsub12 {
            controls.add(to: other) { $0.iDontWant.append(id) }
        }
    }

    private mutating func send(_ frame: ByteBuffer, to targets: [PeerID]) {
        guard !targets.isEmpty else { return }
        statistics.sentMessages += UInt64(targets.count)
        actions.append(.send(frame, to: targets, isUrgent: false))
    }
}
