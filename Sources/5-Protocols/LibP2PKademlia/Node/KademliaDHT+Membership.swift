import DequeModule
public import LibP2PCore
public import LibP2PIdentity
import Logging
import Multiformats
import NIOCore

// Who gets into the routing table, who has to leave it, and what of it is published.
extension KademliaDHT: NetworkObserver {
    /// A peer told what it serves: a server of this DHT may come into the table, one that stopped serving leaves it.
    public nonisolated func peerIdentified(
        _ peer: PeerID, _ description: PeerDescription, on connection: Connection
    ) {
        // Most peers are clients. They are sorted out here, on the connection's loop, without troubling the home loop.
        let serves = description.protocols.contains(configuration.protocolID)
        guard serves || table.contains(peer) else { return }
        executor.loop.execute {
            self.assumeIsolated { dht in
                if serves { dht.consider(connection) } else { dht.expel(peer) }
            }
        }
    }

    /// Whether this node is connected to a peer of the table is part of what it tells.
    public nonisolated func connectionClosed(_ connection: Connection, _ error: NetworkError) {
        guard table.contains(connection.remotePeer) else { return }
        executor.loop.execute { self.assumeIsolated { $0.publishSoon() } }
    }

    /// Takes the peer of a connection for the table, if it qualifies: it serves this DHT, can be told to others, fits
    /// in, and is alive.
    func consider(_ connection: Connection) {
        let peer = connection.remotePeer
        guard isRunning, !connection.isLimited, let description = network.peerStore.description(of: peer),
            description.protocols.contains(configuration.protocolID)
        else { return }
        let addresses = policy.reachable(description.addresses)
        guard !addresses.isEmpty else { return }
        if routing.contains(peer) {
            if members[peer]?.addresses != addresses { remember(peer, addresses) }
            return
        }
        guard asking[peer] == nil else { return }
        guard routing.hasRoom(for: KademliaKey(peer)) else {
            // It waits without having been checked; that happens when a place becomes free.
            _ = routing.offer(peer, groups: groups(of: peer), now: executor.now)
            return
        }
        check(peer)
    }

    /// Asks a peer something and puts it into the table when it answers.
    func check(_ peer: PeerID) {
        guard isRunning, !checking.contains(peer) else { return }
        guard checking.count < configuration.checksAtOnce else {
            if waitingForCheck.count < configuration.checksWaiting, !waitingForCheck.contains(peer) {
                waitingForCheck.append(peer)
            }
            return
        }
        checking.insert(peer)
        executor.spawn {
            let lives = await self.lives(peer)
            await self.checked(peer, lives: lives)
        }
    }

    private func checked(_ peer: PeerID, lives: Bool) {
        checking.remove(peer)
        if lives { admit(peer) } else { expel(peer) }
        if let next = waitingForCheck.popFirst() { check(next) }
    }

    /// Whether a peer answers. It is asked for itself, as go-libp2p does, which costs it nothing.
    nonisolated func lives(_ peer: PeerID) async -> Bool {
        let question = KademliaMessage(.findNode, key: peer.bytes)
        return await (try? client.request(question, to: peer, at: [])) != nil
    }

    private func admit(_ peer: PeerID) {
        guard isRunning, let description = network.peerStore.description(of: peer) else { return }
        let addresses = policy.reachable(description.addresses)
        guard !addresses.isEmpty, routing.offer(peer, groups: groups(of: peer), now: executor.now) == .added else {
            return
        }
        remember(peer, addresses)
        network.tag(peer, tag, value: Self.memberWorth)
        logger.debug("a peer came into the routing table", metadata: ["peer": "\(peer)", "count": "\(routing.count)"])
        // The first peers open the way to the others: look around at once instead of at the next interval.
        if routing.count <= configuration.fewPeers { executor.spawn { await self.lookAround() } }
    }

    /// Takes a peer out of the table and asks the next candidate for its place whether it lives.
    func expel(_ peer: PeerID) {
        guard routing.contains(peer) else {
            _ = routing.remove(peer)
            return
        }
        let candidate = routing.remove(peer)
        members[peer] = nil
        isTableSorted = false
        network.tag(peer, tag, value: 0)
        logger.debug("a peer left the routing table", metadata: ["peer": "\(peer)", "count": "\(routing.count)"])
        publishSoon()
        if let candidate { check(candidate) }
    }

    /// Notes in the table that a peer answered. One that is not there yet has passed the check by it.
    func noteAnswer(of peer: PeerID) {
        if routing.contains(peer) {
            routing.noteAnswer(of: peer, now: executor.now)
        } else if !checking.contains(peer),
            network.peerStore.description(of: peer)?.protocols.contains(configuration.protocolID) == true,
            network.connections(to: peer).contains(where: { !$0.isLimited })
        {
            admit(peer)
        }
    }

    private func remember(_ peer: PeerID, _ addresses: [Multiaddr]) {
        members[peer] = .init(id: peer, addresses: addresses, isConnected: isConnected(peer))
        isTableSorted = false
        publishSoon()
    }

    private func isConnected(_ peer: PeerID) -> Bool { !network.connections(to: peer).isEmpty }

    /// The table, sorted for reading.
    func snapshot() -> RoutingSnapshot {
        if !isTableSorted {
            sortedTable = RoutingSnapshot(Array(members.values))
            isTableSorted = true
        }
        return sortedTable
    }

    private func groups(of peer: PeerID) -> Set<AddressGroup> {
        Set(network.connections(to: peer).compactMap { policy.group(of: $0.remoteAddress) })
    }

    /// Publishes the table: at once after a time of quiet, so that the first who ask are told of each other, else with
    /// the other changes of the same quarter of a second, so that a burst costs few snapshots.
    func publishSoon() {
        guard !isPublishing, isRunning else { return }
        isPublishing = true
        let next = lastPublished + .milliseconds(250)
        executor.loop.scheduleTask(deadline: max(next, executor.now)) { [weak self] in
            self?.assumeIsolated { $0.publish() }
        }
    }

    private func publish() {
        isPublishing = false
        guard isRunning else { return }
        lastPublished = executor.now
        for member in members.values where member.isConnected != isConnected(member.id) {
            members[member.id] = .init(
                id: member.id, addresses: member.addresses, isConnected: !member.isConnected)
            isTableSorted = false
        }
        let snapshot = snapshot()
        responder.table.publish(snapshot)
        journal?.save(members.values.map { RoutingPeer(id: $0.id, addresses: $0.addresses) })
        protectNearest(snapshot)
    }

    /// What a peer of the table is worth to the connection manager, where a peer without a tag is worth nothing.
    private static let memberWorth = 5

    /// Keeps the connections to the nearest peers: they are the ones that this node must know best.
    private func protectNearest(_ snapshot: RoutingSnapshot) {
        let nearest = Set(snapshot.nearest(configuration.routing.bucketSize, to: routing.ownKey))
        for peer in protected.subtracting(nearest) { network.unprotect(peer, tag: tag) }
        for peer in nearest.subtracting(protected) { network.protect(peer, tag: tag) }
        protected = nearest
    }
}
