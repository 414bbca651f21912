public import LibP2PCore
public import LibP2PIdentity
import Logging
import Multiformats
import NIOCore

// Peers that come and go, and their streams.
extension PubSub {
    /// How often a stream to a peer is opened anew while the peer stays.
    private static let maxFailures = 4

    // MARK: Streams that peers open

    /// A peer has opened a stream.
    ///
    /// - Returns: the stream's number here.
    /// - Throws: `NetworkError` when there is no room for it.
    func opened(_ inlet: PeerInlet, _ kind: PubSubProtocol) throws -> UInt64 {
        let peer = inlet.connection.remotePeer
        guard admit(peer, kind, on: inlet.connection) else {
            throw NetworkError(.refused, "The node takes no pubsub stream of \(peer) now.")
        }
        nextInlet += 1
        members[peer]?.inlets[nextInlet] = inlet
        return nextInlet
    }

    /// A peer sent something.
    ///
    /// - Throws: ``PubSubError`` with code ``PubSubError/Code/stopped``.
    func receive(_ rpc: RPC, from peer: PeerID) throws {
        guard isRunning else { throw PubSubError(.stopped, "the service is shut down") }
        router.receive(rpc, from: peer, at: executor.now) { [validators] message in
            validators[message.topic]?(message) ?? .accept
        }
        act()
    }

    /// A stream that a peer opened has ended.
    func closed(_ inlet: UInt64, of peer: PeerID) {
        guard members[peer]?.inlets.removeValue(forKey: inlet) != nil else { return }
        removeIfGone(peer)
    }

    // MARK: Streams to peers

    /// Looks whether a peer speaks one of the protocols.
    func consider(_ connection: Connection, _ description: PeerDescription) {
        guard let kind = PubSubProtocol.best(among: description.protocols) else { return }
        _ = admit(connection.remotePeer, kind, on: connection)
    }

    /// Lets a peer take part.
    ///
    /// - Returns: whether it does.
    private func admit(_ peer: PeerID, _ kind: PubSubProtocol, on connection: Connection) -> Bool {
        guard isRunning, !connection.isLimited else { return false }
        if members[peer] != nil { return true }
        guard members.count < configuration.limits.peers else {
            router.statistics.lostPeers += 1
            return false
        }
        members[peer] = Member(kind: kind)
        openOutlet(to: peer, on: connection)
        // A circuit's address is the relay's, which says nothing about who comes through it.
        let address = connection.isRelayed ? nil : connection.remoteAddress.ipAddress
        router.add(peer, kind, isOutbound: !connection.isInbound, address: address, at: executor.now)
        act()
        return true
    }

    private func openOutlet(to peer: PeerID, on connection: Connection) {
        guard let kind = members[peer]?.kind else { return }
        let outlet = PeerOutlet(on: connection.executor, limits: configuration.limits)
        members[peer]?.outlet = outlet
        connection.executor.spawn {
            let isSpoken = await outlet.run(on: connection, kind)
            await self.ended(outlet, to: peer, isSpoken)
        }
    }

    private func ended(_ outlet: PeerOutlet, to peer: PeerID, _ isSpoken: Bool) {
        guard members[peer]?.outlet === outlet else { return }
        members[peer]?.outlet = nil
        members[peer]?.failures += 1
        let failures = members[peer]?.failures ?? 0
        guard isRunning, isSpoken, failures <= Self.maxFailures, unlimitedConnection(to: peer) != nil else {
            router.statistics.lostPeers += 1
            return removeIfGone(peer)
        }
        executor.schedule(after: .seconds(failures)) { [weak self] in
            self?.assumeIsolated { $0.reopen(peer) }
        }
    }

    private func reopen(_ peer: PeerID) {
        guard isRunning, let member = members[peer], member.outlet == nil else { return }
        guard let connection = unlimitedConnection(to: peer) else { return removeIfGone(peer) }
        openOutlet(to: peer, on: connection)
        router.renew(peer)
        act()
    }

    private func unlimitedConnection(to peer: PeerID) -> Connection? {
        network.connections(to: peer).first { !$0.isLimited }
    }

    /// Lets a peer go that has no stream any more.
    private func removeIfGone(_ peer: PeerID) {
        guard let member = members[peer], member.outlet == nil, member.inlets.isEmpty else { return }
        members[peer] = nil
        router.remove(peer, at: executor.now)
        act()
    }
}

extension PubSub: NetworkObserver {
    /// Lets a peer take part that speaks one of the protocols.
    public nonisolated func peerIdentified(
        _ peer: PeerID, _ description: PeerDescription, on connection: Connection
    ) {
        guard PubSubProtocol.best(among: description.protocols) != nil else { return }
        executor.spawn { await self.consider(connection, description) }
    }
}
