import LibP2PCore
public import LibP2PIdentity
import Multiformats

// Values: public keys, IPNS records, and what open namespaces hold.
extension KademliaDHT {
    /// Stores a value at the peers nearest to its key, and here, now and again each
    /// ``KademliaConfiguration/republishInterval`` until it runs out, after a restart too. When a better one comes up, that
    /// one is put again instead.
    ///
    /// - Returns: the peers that took it.
    /// - Throws: ``KademliaError``: `.invalidRecord`, `.outdatedRecord` when a better one is held here, `.noPeers`, or
    ///   `.noAnswer` when no peer took it.
    @discardableResult
    public func putValue(_ value: [UInt8], key: [UInt8]) async throws -> [PeerID] {
        let now = network.clock.now
        try responder.namespaces.validate(value, key: key, now: now)
        try records.put(
            ValueRecord(key: key, value: value, received: now), origin: nil, namespaces: responder.namespaces)
        // With too many of them already it is put this once.
        try? enter(.init(.value, key))
        let peers = try await closestPeers(to: key)
        let told = await put(value, key: key, at: peers)
        guard !told.isEmpty else {
            throw KademliaError(.noAnswer, "none of the \(peers.count) nearest peers took the value")
        }
        noteTold(.init(.value, key))
        return told
    }

    /// Finds the best value of a key.
    ///
    /// The search ends when ``KademliaConfiguration/quorum`` peers have given a valid value, or with the lookup. Peers
    /// on the way that had a worse one or none are given the best.
    ///
    /// - Throws: ``KademliaError``: `.noPeers`, or `.notFound`.
    public func getValue(_ key: [UInt8]) async throws -> [UInt8] {
        let now = network.clock.now
        let namespaces = responder.namespaces
        var best = records.value(of: key, now: now)?.value
        // A value held here may have run out since it was stored.
        if let held = best, (try? namespaces.validate(held, key: key, now: now)) == nil { best = nil }
        var answers: [PeerID: [UInt8]?] = [:]
        var valid = 0
        let quorum = configuration.quorum
        var nearest: [FoundPeer] = []
        do {
            nearest = try await traverse(key) { peer, addresses, client in
                try await client.request(KademliaMessage(.getValue, key: key), to: peer, at: addresses)
            } onAnswer: { peer, answer in
                answers[peer] = .some(nil)
                guard let record = answer.record, record.key == key,
                    (try? namespaces.validate(record.value, key: key, now: now)) != nil
                else { return .goOn }
                answers[peer] = record.value
                valid += 1
                if let held = best, held != record.value {
                    if (try? namespaces.isBetter(record.value, than: held, key: key)) == true { best = record.value }
                } else {
                    best = record.value
                }
                return valid < quorum ? .goOn : .stop
            }.nearest
        } catch let error as KademliaError where error.code == .noPeers && best != nil {
            nearest = []
        }
        guard let best else { throw KademliaError(.notFound, "none of the peers asked holds a valid value of the key") }
        let stale = nearest.filter { answers[$0.id] != .some(best) }
        if !stale.isEmpty { executor.spawn { _ = await self.put(best, key: key, at: stale) } }
        return best
    }

    private func put(_ value: [UInt8], key: [UInt8], at peers: [FoundPeer]) async -> [PeerID] {
        let record = KademliaMessage.Record(key: key, value: value)
        return await tell(KademliaMessage(.putValue, key: key, record: record), peers) { message, peer, client in
            _ = try await client.request(message, to: peer.id, at: peer.addresses)
        }
    }
}
