public import LibP2PCore
public import LibP2PIdentity
import Logging
import NIOCore
import Synchronization

extension Host: ConnectionOwner {
    /// See `Network`.
    public func connections(to peer: PeerID) -> [Connection] { state.withLock { $0.connections.connections(to: peer) } }

    /// See `Network`.
    public var connections: [Connection] { state.withLock { $0.connections.all } }

    /// How many connections are live.
    public var connectionCount: Int { state.withLock { $0.connections.count } }

    /// Inbound handshakes under way.
    public var handshakeCount: Int { state.withLock { $0.handshakes.count } }

    /// IP addresses (/64 networks for IPv6) that hold inbound connections.
    public var inboundAddressCount: Int { state.withLock { $0.admissions.addressCount } }

    /// See `Network`.
    public func protect(_ peer: PeerID, tag: String) { state.withLock { $0.connections.protect(peer, tag: tag) } }

    /// See `Network`.
    public func unprotect(_ peer: PeerID, tag: String) { state.withLock { $0.connections.unprotect(peer, tag: tag) } }

    /// See `Network`.
    public func tag(_ peer: PeerID, _ tag: String, value: Int) {
        state.withLock { $0.connections.tag(peer, tag, value: value) }
    }

    /// See `ConnectionOwner`.
    public var router: any StreamRouter { registry }

    /// See `ConnectionOwner`.
    public func connectionClosed(_ connection: Connection, _ error: NetworkError) {
        guard state.withLock({ $0.connections.remove(connection) }) else { return }
        counters.count(.closed)
        observers.notify { $0.connectionClosed(connection, error) }
    }

    /// See `ConnectionOwner`.
    public func streamOpened(_ stream: Stream) { counters.count(.streamOpened) }

    /// See `ConnectionOwner`.
    public func streamClosed(_ stream: Stream, _ error: NetworkError?) {
        counters.count(error == nil ? .streamClosed : .streamReset)
        if let error, let protocolID = stream.protocolID {
            logger.debug(
                "stream reset",
                metadata: ["peer": "\(stream.remotePeer)", "protocol": "\(protocolID)", "error": "\(error)"])
        }
    }

    /// Closes connections down to the low-water mark, once for all that call meanwhile.
    func trimSoon() {
        let isFirst = state.withLock { state in
            defer { state.isTrimming = true }
            return !state.isTrimming
        }
        guard isFirst else { return }
        // A second later, so that a burst is trimmed once, and the newest are past being picked by chance.
        home.schedule(after: .seconds(1)) { [weak self] in self?.trim() }
    }

    private func trim() {
        let candidates = state.withLock { state in
            state.isTrimming = false
            return state.connections.candidates
        }
        for connection in configuration.trimming.victims(among: candidates, now: home.now) {
            counters.count(.trimmed)
            connection.executor.spawn { await connection.close() }
        }
    }
}
