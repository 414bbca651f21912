public import LibP2PCore
public import LibP2PIdentity
public import Multiformats
public import NIOCore
import Synchronization

/// The least that can own connections: no limits, no dialling policy, no peer store. For the tests of transports,
/// securities, muxers and protocols; whatever needs more takes the real host.
public final class TestNode: Sendable {
    /// Serves a protocol with a closure.
    public struct Handler: StreamHandler {
        /// See `StreamHandler`.
        public let protocols: [ProtocolID]
        /// See `StreamHandler`.
        public let limits: StreamLimits
        private let body: @Sendable (Stream) async throws -> Void

        /// Makes a handler.
        public init(
            _ protocols: ProtocolID..., limits: StreamLimits = StreamLimits(),
            body: @escaping @Sendable (Stream) async throws -> Void
        ) {
            self.protocols = protocols
            self.limits = limits
            self.body = body
        }

        /// See `StreamHandler`.
        public func handle(_ stream: Stream) async throws { try await body(stream) }
    }

    private struct State {
        var routes: [ProtocolID: StreamRoute] = [:]
        var connections: [UInt64: Connection] = [:]
        var nextConnection: UInt64 = 1
        var streams = 0
        var closures: [NetworkError] = []
        var refusal: NetworkError?
        var admissions = 0
    }

    /// Who the node is.
    public let identity: PrivateKey
    private let security: (any SecurityProtocol)?
    private let muxer: (any MuxerProtocol)?
    private let state = Mutex(State())

    /// Makes a node.
    ///
    /// - Parameters:
    ///   - security: secures byte channels, without being negotiated.
    ///   - muxer: multiplexes secured channels, without being negotiated.
    public init(
        identity: PrivateKey, security: (any SecurityProtocol)? = nil, muxer: (any MuxerProtocol)? = nil,
        handlers: [any StreamHandler] = []
    ) {
        self.identity = identity
        self.security = security
        self.muxer = muxer
        for handler in handlers { serve(handler) }
    }

    /// The node's id.
    public var peerID: PeerID { identity.peerID }

    /// Serves a protocol from now on.
    public func serve(_ handler: any StreamHandler) {
        let route = StreamRoute(handler)
        state.withLock { state in
            for protocolID in handler.protocols { state.routes[protocolID] = route }
        }
    }

    /// The live connections, older ones first.
    public var connections: [Connection] {
        state.withLock { $0.connections.sorted { $0.key < $1.key }.map(\.value) }
    }

    /// Streams that are open now, with their protocol agreed.
    public var streamCount: Int { state.withLock { $0.streams } }

    /// Why connections ended, in their order.
    public var closures: [NetworkError] { state.withLock { $0.closures } }

    /// Places that inbound connections hold now.
    public var admissions: Int { state.withLock { $0.admissions } }

    /// Set to refuse all inbound connections before their handshake.
    public var refusal: NetworkError? {
        get { state.withLock { $0.refusal } }
        set { state.withLock { $0.refusal = newValue } }
    }
}

extension TestNode: ConnectionOwner, StreamRouter {
    /// The node itself.
    public var router: any StreamRouter { self }

    /// See `StreamRouter`.
    public var protocols: [ProtocolID] { state.withLock { $0.routes.keys.sorted() } }

    /// See `StreamRouter`.
    public func route(for protocolID: ProtocolID, on connection: Connection) -> StreamRoute? {
        state.withLock { $0.routes[protocolID] }
    }

    /// See `ConnectionOwner`.
    public func connectionClosed(_ connection: Connection, _ error: NetworkError) {
        state.withLock { state in
            state.connections[connection.id] = nil
            state.closures.append(error)
        }
    }

    /// See `ConnectionOwner`.
    public func streamOpened(_ stream: Stream) { state.withLock { $0.streams += 1 } }

    /// See `ConnectionOwner`.
    public func streamClosed(_ stream: Stream, _ error: NetworkError?) {
        guard stream.protocolID != nil else { return }
        state.withLock { $0.streams -= 1 }
    }
}

extension TestNode: ConnectionUpgrader {
    /// Admits all unless ``refusal`` is set.
    public func admit(from remote: Multiaddr) throws -> Admission {
        try state.withLock { state throws(NetworkError) in
            if let refusal = state.refusal { throw refusal }
            state.admissions += 1
        }
        return Admission { [weak self] in self?.state.withLock { $0.admissions -= 1 } }
    }

    /// Runs the node's security and muxer, both without negotiation.
    public func upgrade(_ channel: any Channel, _ end: ConnectionEnd) -> EventLoopFuture<Connection> {
        guard let security, let muxer else {
            channel.close(promise: nil)
            end.admission?.release()
            return channel.eventLoop.makeFailedFuture(
                NetworkError(.misuse, "This test node has no security and muxer for byte channels."))
        }
        return security.secure(channel, role: end.role, expecting: end.expectedPeer, muxers: [])
            .assumeIsolated()
            .flatMapThrowing { peer in
                try self.adopt(muxer.install(on: channel, role: end.role), securedAs: peer, end)
            }
            .flatMapErrorThrowing { error in
                channel.close(promise: nil)
                end.admission?.release()
                throw error
            }
            .nonisolated()
    }

    /// Makes a connection of any muxer.
    public func adopt(
        _ muxer: any StreamMuxer, securedAs peer: SecuredPeer, _ end: ConnectionEnd
    ) throws -> Connection {
        let id = state.withLock { state in
            defer { state.nextConnection += 1 }
            return state.nextConnection
        }
        let connection = Connection(
            id: id, peer: peer, end: end, muxer: NIOLoopBound(muxer, eventLoop: end.executor.loop), owner: self)
        state.withLock { $0.connections[id] = connection }
        connection.assumeIsolated { $0.start() }
        return connection
    }
}
