public import LibP2PIdentity
public import Multiformats
public import NIOCore

/// A secured, multiplexed connection to one peer.
///
/// It is an actor on its event loop's executor: socket, cipher, muxer, streams and protocol handlers of a connection
/// share one thread. From elsewhere use ``withStream(_:timeout:_:)``, whose body runs on that loop.
public actor Connection {
    /// Unique within the process.
    public nonisolated let id: UInt64
    /// The peer at the other end, as the handshake proved it.
    public nonisolated let remotePeer: PeerID
    /// The peer's key.
    public nonisolated let remotePublicKey: PublicKey
    /// What the transport knows: role, addresses, loop.
    public nonisolated let end: ConnectionEnd
    /// The loop on which everything of this connection runs.
    public nonisolated let executor: LoopExecutor
    /// When the connection was ready, by the loop's clock.
    public nonisolated let openedAt: NIODeadline

    /// See `Actor`.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    let muxer: any StreamMuxer
    private nonisolated let owner: any ConnectionOwner
    private var inbound: [UInt64: Stream] = [:]
    private var outbound: [UInt64: Stream] = [:]
    private var routeCounts: [ObjectIdentifier: Int] = [:]
    private var sweep: (time: NIODeadline, task: Scheduled<Void>)?
    private var closed: NetworkError?

    /// Takes over a muxer. Called on the executor's loop; ``start()`` must follow.
    public init(
        id: UInt64, peer: SecuredPeer, end: ConnectionEnd, muxer: NIOLoopBound<any StreamMuxer>,
        owner: any ConnectionOwner
    ) {
        self.id = id
        remotePeer = peer.peerID
        remotePublicKey = peer.publicKey
        self.end = end
        // Asked for at each look at a peer's connections, and the addresses never change.
        isRelayed = end.isLimited || end.remoteAddress.isCircuit || end.localAddress.isCircuit
        executor = end.executor
        openedAt = end.executor.now
        self.muxer = muxer.value
        self.owner = owner
    }

    /// Lets the muxer begin. Called once, when the owner has the connection in its tables.
    public func start() { muxer.start(for: self) }

    /// Whether this side accepted the connection.
    public nonisolated var isInbound: Bool { end.role == .listener }

    /// Whether protocols must stay off it unless they opt in.
    public nonisolated var isLimited: Bool { end.isLimited }

    /// Whether the connection goes through a relay, with or without limits.
    public nonisolated let isRelayed: Bool

    /// The other side's address.
    public nonisolated var remoteAddress: Multiaddr { end.remoteAddress }

    /// Streams that are open now.
    public var streamCount: Int { inbound.count + outbound.count }

    /// All streams in an order that does not depend on hashing, so that a simulation repeats itself.
    private var allStreams: [Stream] {
        inbound.values.sorted { $0.id < $1.id } + outbound.values.sorted { $0.id < $1.id }
    }

    /// Whether the connection has ended.
    public var isClosed: Bool { closed != nil }

    /// Ends the connection, telling the other side.
    public func close(_ reason: CloseReason = .normal) {
        guard closed == nil else { return }
        muxer.close(reason)
    }

    // MARK: Outbound streams

    /// Opens a stream, speaks a protocol on it, and closes it.
    ///
    /// With one protocol the proposal is optimistic: nothing is waited for until `body` reads. `body` runs on the
    /// connection's loop; when it throws or is cancelled the stream is reset.
    ///
    /// - Parameters:
    ///   - protocols: ids to propose, the preferred one first.
    ///   - timeout: for all of it; then the stream is reset and `body`'s read throws `.timeout`.
    ///   - allowsLimited: whether the protocol may run on a limited connection; see ``isLimited``.
    /// - Throws: ``NetworkError``, `.refused` on a limited connection that the protocol must stay off, or what `body`
    ///   throws.
    public func withStream<Result: Sendable>(
        _ protocols: [ProtocolID], timeout: Duration? = nil, allowsLimited: Bool = false,
        _ body: @Sendable (Stream) async throws -> Result
    ) async throws -> Result {
        guard allowsLimited || !isLimited else {
            throw NetworkError(
                .refused, "The connection to \(remotePeer) is limited by a relay; \(protocols) needs a direct one.")
        }
        let stream = try openStream()
        let id = stream.id
        let timer = timeout.map { limit in
            executor.schedule(after: limit) {
                self.assumeIsolated {
                    $0.outbound[id]?.reset(NetworkError(.timeout, "The peer did not answer within \(limit)."))
                }
            }
        }
        defer { timer?.cancel() }
        return try await withTaskCancellationHandler {
            // A continuation resumes where its task prefers to run and only then goes on to the actor: without this each
            // wait would end with a detour over the caller's threads.
            try await withTaskExecutorPreference(executor) {
                try await speak(protocols, on: stream, body)
            }
        } onCancel: {
            executor.loop.execute {
                self.assumeIsolated { $0.outbound[id]?.reset(NetworkError(.cancelled, "The task was cancelled.")) }
            }
        }
    }

    private func speak<Result: Sendable>(
        _ protocols: [ProtocolID], on stream: Stream, _ body: @Sendable (Stream) async throws -> Result
    ) async throws -> Result {
        do {
            if protocols.count == 1 {
                try await stream.proposeOptimistically(protocols[0])
            } else {
                try await stream.negotiateOutbound(protocols)
            }
            owner.streamOpened(stream)
            let result = try await body(stream)
            stream.retire()
            settle(stream)
            return result
        } catch {
            let reason = error as? NetworkError ?? NetworkError(.reset, "The protocol failed.", cause: error)
            stream.reset(reason)
            throw error
        }
    }

    /// Opens a stream that the caller negotiates, serves and closes by itself, on this loop.
    ///
    /// - Throws: ``NetworkError`` when the connection has ended or too many streams are open.
    public func openStream() throws -> Stream {
        if let closed { throw closed }
        let stream = try muxer.openStream()
        stream.ledger.limits = StreamLimits(idle: nil)
        outbound[stream.id] = stream
        return stream
    }

    // MARK: What the muxer tells, on the loop

    /// The other side opened a stream.
    public nonisolated func muxerAccepted(_ stream: Stream) {
        let bound = NIOLoopBound(stream, eventLoop: executor.loop)
        assumeIsolated { $0.accept(bound.value) }
    }

    /// Both directions of a stream have ended; the muxer has forgotten it.
    public nonisolated func muxerReleased(_ stream: Stream) {
        let bound = NIOLoopBound(stream, eventLoop: executor.loop)
        assumeIsolated { $0.release(bound.value) }
    }

    /// The connection has ended. The muxer failed all its streams before.
    public nonisolated func muxerClosed(_ error: NetworkError) {
        assumeIsolated { $0.finish(error) }
    }

    private func accept(_ stream: Stream) {
        inbound[stream.id] = stream
        stream.ledger.openedAt = executor.now
        stream.ledger.activeAt = stream.ledger.openedAt
        scheduleSweep(before: stream.ledger.deadline)
        Task.immediate(executorPreference: executor) {
            await self.serve(stream)
        }
    }

    private func serve(_ stream: Stream) async {
        do {
            let router = owner.router
            let protocolID = try await stream.negotiateInbound(
                supports: { router.route(for: $0, on: self) != nil }, protocols: { router.protocols })
            if let protocolID, let route = router.route(for: protocolID, on: self) {
                stream.protocolID = protocolID
                try admit(stream, to: route)
                owner.streamOpened(stream)
                try await route.handler.handle(stream)
            }
            stream.retire()
            settle(stream)
        } catch {
            let reason = error as? NetworkError ?? NetworkError(.reset, "The handler failed.", cause: error)
            stream.ledger.failure = reason
            stream.reset(reason)
        }
    }

    /// Counts the stream to its protocol's limits.
    private func admit(_ stream: Stream, to route: StreamRoute) throws(NetworkError) {
        let key = ObjectIdentifier(route)
        let count = routeCounts[key, default: 0]
        let name = stream.protocolID?.name ?? "no protocol"
        if let limit = route.limits.perConnection, count >= limit {
            throw NetworkError(.refused, "The connection has \(count) streams of \(name) already.")
        }
        guard route.admit() else { throw NetworkError(.refused, "The node has too many streams of \(name).") }
        routeCounts[key] = count + 1
        stream.ledger.route = route
        stream.ledger.limits = route.limits
        scheduleSweep(before: stream.ledger.deadline)
    }

    /// Watches that a stream whose protocol is done here also ends on the other side.
    private func settle(_ stream: Stream) {
        if !stream.isDone { scheduleSweep(before: stream.ledger.deadline) }
    }

    private func release(_ stream: Stream) {
        let removed =
            stream.direction == .inbound
            ? inbound.removeValue(forKey: stream.id) : outbound.removeValue(forKey: stream.id)
        guard removed != nil else { return }
        if let route = stream.ledger.route {
            stream.ledger.route = nil
            route.release()
            let key = ObjectIdentifier(route)
            let count = routeCounts[key, default: 1] - 1
            routeCounts[key] = count == 0 ? nil : count
        }
        owner.streamClosed(stream, stream.ledger.failure)
    }

    private func finish(_ error: NetworkError) {
        guard closed == nil else { return }
        closed = error
        sweep?.task.cancel()
        for stream in allStreams {
            stream.receiveFailure(error)
            release(stream)
        }
        end.admission?.release()
        owner.connectionClosed(self, error)
    }

    // MARK: Limits in time

    /// Makes sure that streams are looked at around `deadline`.
    private func scheduleSweep(before deadline: NIODeadline?) {
        guard let deadline, closed == nil else { return }
        // At least a second apart: limits are kept to the second, and a busy connection is not swept on every message.
        let time = max(deadline, executor.now + .seconds(1))
        if let sweep {
            guard time < sweep.time else { return }
            sweep.task.cancel()
        }
        let task = executor.loop.scheduleTask(deadline: time) { self.assumeIsolated { $0.sweepStreams() } }
        sweep = (time, task)
    }

    private func sweepStreams() {
        sweep = nil
        let now = executor.now
        var next: NIODeadline?
        for stream in allStreams {
            guard let deadline = stream.ledger.deadline else { continue }
            if deadline <= now {
                let error = NetworkError(.timeout, "Stream \(stream.id) exceeded its limit in time.")
                stream.ledger.failure = error
                stream.reset(error)
            } else {
                next = next.map { min($0, deadline) } ?? deadline
            }
        }
        scheduleSweep(before: next)
    }
}
