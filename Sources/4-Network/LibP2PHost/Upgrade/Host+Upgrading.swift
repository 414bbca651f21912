public import LibP2PCore
import LibP2PIdentity
import Logging
public import Multiformats
public import NIOCore
import Synchronization

extension Host: ConnectionUpgrader {
    /// Checks the address against lists and limits and takes a place for it. See `ConnectionUpgrader`.
    public func admit(from remote: Multiaddr) throws -> Admission {
        // A circuit's IP address is the relay's, which has a place of its own. The peer behind it is known after the
        // handshake only.
        guard !remote.isCircuit, let address = remote.ipAddress?.unmapped else { return Admission {} }
        let access = self.access
        if access.denies(address) { throw refusal(.denied, "Address \(address) is on the deny list.") }
        let held: AddressLimits =
            if access.favours(address) { [] } else if address.isPublic { .all } else {
                configuration.limits.onPrivateAddresses
            }
        let reason = state.withLock { state in
            state.isClosing
                ? .closing : state.admissions.enter(address, holding: held, now: home.now)
        }
        if let reason { throw refusal(reason, "Address \(address) has reached its limit for connections.") }
        return Admission { [weak self] in self?.state.withLock { $0.admissions.leave(address) } }
    }

    /// Secures and multiplexes a channel. See `ConnectionUpgrader`.
    public func upgrade(_ channel: any Channel, _ end: ConnectionEnd) -> EventLoopFuture<Connection> {
        let loop = channel.eventLoop
        let ticket = end.role == .listener ? beginHandshake(of: channel) : nil
        let limit = configuration.handshakeTimeout
        let timeout: Scheduled<Void>? =
            limit == .zero
            ? nil
            : loop.scheduleTask(in: TimeAmount(limit)) { [counters] in
                counters.count(.handshakeTimeout)
                channel.close(promise: nil)
            }
        let upgrade = ChannelUpgrade(
            channel: channel, end: end, securities: securities, muxers: muxers,
            privateNetwork: configuration.privateNetwork,
            checkPeer: { [weak self] peer in try self?.check(peer, end) })
        do {
            try channel.pipeline.syncOperations.addHandler(TrafficHandler(traffic))
        } catch {
            end.admission?.release()
            return loop.makeFailedFuture(error)
        }
        let connection = upgrade.run().flatMapThrowing { outcome in
            try self.adopt(outcome.muxer.value, securedAs: outcome.peer, end)
        }
        connection.whenComplete { result in
            timeout?.cancel()
            if let ticket { self.endHandshake(ticket) }
            guard case .failure(let error) = result else { return }
            self.counters.count(.handshakeFailed)
            self.logger.debug(
                "connection not established", metadata: ["address": "\(end.remoteAddress)", "error": "\(error)"])
            end.admission?.release()
            channel.close(promise: nil)
        }
        return connection
    }

    /// Enters a connection into the tables and lets it begin. See `ConnectionUpgrader`.
    public func adopt(
        _ muxer: any StreamMuxer, securedAs peer: SecuredPeer, _ end: ConnectionEnd
    ) throws -> Connection {
        try check(peer, end)
        let connection = Connection(
            id: nextConnectionID(), peer: peer, end: end,
            muxer: NIOLoopBound(muxer, eventLoop: end.executor.loop), owner: self)
        let count = try state.withLock { state throws(NetworkError) in
            if state.isClosing { throw refusal(.closing, "The node is shutting down.") }
            let limits = configuration.limits
            if limits.total > 0, state.connections.count >= limits.total, !state.connections.isProtected(peer.peerID) {
                throw refusal(.total, "The node has \(state.connections.count) connections, its limit.")
            }
            if limits.perPeer > 0, state.connections.count(of: peer.peerID) >= limits.perPeer {
                throw refusal(.perPeer, "Peer \(peer.peerID) has \(limits.perPeer) connections already.")
            }
            state.connections.insert(connection)
            return state.connections.count
        }
        counters.count(end.role == .listener ? .openedInbound : .openedOutbound)
        connection.assumeIsolated { $0.start() }
        observers.notify { $0.connectionOpened(connection) }
        if count > configuration.trimming.highWater { trimSoon() }
        return connection
    }

    private func check(_ peer: SecuredPeer, _ end: ConnectionEnd) throws {
        if peer.peerID == localPeer { throw refusal(.ownself, "The other end of the connection is this node itself.") }
        if access.denies(peer.peerID) { throw refusal(.denied, "Peer \(peer.peerID) is not allowed to connect.") }
        if let expected = end.expectedPeer, expected != peer.peerID {
            throw NetworkError(.peerMismatch, "Expected peer \(expected) at \(end.remoteAddress), got \(peer.peerID).")
        }
    }

    func refusal(_ reason: RefusalReason, _ message: String) -> NetworkError {
        counters.refused(reason)
        return NetworkError(.refused, message)
    }

    private func beginHandshake(of channel: any Channel) -> UInt64 {
        let (ticket, evicted) = state.withLock { state in
            state.handshakes.begin { channel.close(promise: nil) }
        }
        if let evicted {
            counters.refused(.handshakes)
            evicted()
        }
        return ticket
    }

    private func endHandshake(_ ticket: UInt64) { state.withLock { $0.handshakes.end(ticket) } }
}
