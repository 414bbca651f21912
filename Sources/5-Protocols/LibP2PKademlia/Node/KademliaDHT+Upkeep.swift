import LibP2PCore
import LibP2PIdentity
import Logging
import Multiformats
import NIOCore

// Joining the network and staying in it.
extension KademliaDHT {
    /// What is done again and again.
    enum Chore: CaseIterable {
        case refresh
        case sweep
        case rejoin
        case announce
    }

    /// Does a chore after its interval, and again as long after that is done.
    func schedule(_ chore: Chore) {
        let interval =
            switch chore {
            case .refresh: configuration.refreshInterval
            case .sweep: configuration.sweepInterval
            case .rejoin: configuration.rejoinInterval
            case .announce: configuration.announceInterval
            }
        timers[chore] = executor.schedule(after: interval) { [weak self] in
            guard let self else { return }
            executor.spawn { await self.perform(chore) }
        }
    }

    private func perform(_ chore: Chore) async {
        guard isRunning else { return }
        switch chore {
        case .refresh: await refresh()
        case .sweep: sweep()
        case .rejoin: await rejoinIfLonely()
        case .announce: await announceDue()
        }
        if isRunning { schedule(chore) }
    }

    /// Peers of the last run that are dialled at the start, besides the bootstrap peers.
    private static let keptPeersToDial = 64

    /// Connects to the bootstrap peers and to those of the last run. Identify brings them into the table.
    func join(through kept: [RoutingPeer]) async {
        var generator = network.random.generator
        let peers = kept.shuffled(using: &generator).prefix(Self.keptPeersToDial)
        await dialBootstrapPeers(reportingAt: .notice)
        await inParallel(Array(peers), atOnce: 8) { dht, peer in
            _ = try? await dht.network.connect(to: peer.id, at: dht.policy.reachable(peer.addresses))
        }
    }

    /// Tries the bootstrap peers again when the table is nearly empty, and asks the few peers there are for others:
    /// those may know more by now.
    private func rejoinIfLonely() async {
        // The operator was told at the start; a peer that stays away is no news each half minute.
        guard routing.count < configuration.fewPeers else { return }
        await dialBootstrapPeers(reportingAt: .debug)
        await lookAround()
    }

    private func dialBootstrapPeers(reportingAt level: Logger.Level) async {
        await inParallel(configuration.bootstrap.filter { $0.peerID != ownID }, atOnce: 8) { dht, address in
            do {
                let connection =
                    if let peer = address.peerID {
                        try await dht.network.connect(to: peer, at: [address])
                    } else {
                        try await dht.network.dial(address, expecting: nil)
                    }
                // Identify may have been through before this DHT watched.
                await dht.consider(connection)
            } catch {
                dht.logger.log(
                    level: level, "a bootstrap peer could not be reached",
                    metadata: ["address": "\(address)", "error": "\(error)"])
            }
        }
    }

    /// Looks for the peers around this node, which fills the table from those few that are in it.
    func lookAround() async {
        mustLookAgain = true
        guard !isLookingAround else { return }
        isLookingAround = true
        // Once more if peers came in meanwhile that it did not begin with.
        while isRunning, mustLookAgain {
            mustLookAgain = false
            _ = try? await closestPeers(to: ownID.bytes)
        }
        isLookingAround = false
    }

    /// Asks silent peers whether they live, looks around, and looks into each bucket that has a peer.
    private func refresh() async {
        forgetEarlier()
        let silent = routing.silent(since: executor.now - TimeAmount(configuration.refreshInterval))
        await inParallel(silent, atOnce: configuration.lookup.alpha) { dht, peer in
            if await dht.lives(peer) { await dht.noteAnswer(of: peer) } else { await dht.expel(peer) }
        }
        await lookAround()
        for prefixLength in 0..<min(routing.bucketSizes.count, Self.refreshedBuckets) {
            guard isRunning, routing.count > 0 else { return }
            _ = try? await closestPeers(to: randomKey(sharing: prefixLength))
        }
    }

    /// Buckets beyond this one hold so few peers that the lookup for this node's own key meets them.
    private static let refreshedBuckets = 10

    /// Removes expired records.
    private func sweep() { records.removeExpired(now: network.clock.now) }

    /// A name whose key shares just so many bits with this node's. Keys are hashes, so names are tried until one fits:
    /// a thousand for the farthest bucket that is refreshed.
    private func randomKey(sharing prefixLength: Int) -> [UInt8] {
        var name = network.random.bytes(32)
        for counter in 0..<UInt64(64 << min(prefixLength, 16)) {
            name.replaceSubrange(0..<8, with: withUnsafeBytes(of: counter) { Array($0) })
            if KademliaKey(hashing: name).commonPrefixLength(with: routing.ownKey) == prefixLength { break }
        }
        return name
    }

    /// Does something with each item, so many at a time.
    nonisolated func inParallel<Item: Sendable>(
        _ items: [Item], atOnce limit: Int, _ work: @escaping @Sendable (KademliaDHT, Item) async -> Void
    ) async {
        await withTaskExecutorPreference(executor) {
            await withTaskGroup(of: Void.self) { group in
                for (index, item) in items.enumerated() {
                    if index >= limit { await group.next() }
                    group.addTask { await work(self, item) }
                }
            }
        }
    }
}
