import DequeModule
package import LibP2PCore
import NIOCore
import NIOPosix

/// One connection to Redis. Commands leave at once, one after another; answers come in the same order.
///
/// Its state is touched on its loop only.
package final class RedisConnection: Sendable {
    /// What becomes of a command.
    package typealias Answer = @Sendable (Result<RESPValue, RedisError>) -> Void

    /// Commands that may wait for their answers, and their bytes.
    static let waitingLimit = 65_536
    static let waitingByteLimit = 32 << 20
    /// So long a server may take to be connected to, and to accept who we are.
    package static let connectLimit = Duration.seconds(5)

    private struct Waiting {
        let byteCount: Int
        let answer: Answer
    }

    private struct State {
        var waiting: Deque<Waiting> = []
        var waitingBytes = 0
        var isFlushing = false
        var isSubscribed = false
        var end: RedisError?
    }

    package let executor: LoopExecutor
    private let channel: any Channel
    private let pushed: @Sendable (RESPValue) -> Void
    private let closed: @Sendable () -> Void

    // SAFETY: read and written only while `executor.isCurrent`; the accessor asserts it.
    private nonisolated(unsafe) var stored = State()

    private var state: State {
        _read {
            executor.loop.assertInEventLoop()
            yield stored
        }
        _modify {
            executor.loop.assertInEventLoop()
            yield &stored
        }
    }

    private init(
        _ channel: any Channel, on executor: LoopExecutor, pushed: @escaping @Sendable (RESPValue) -> Void,
        closed: @escaping @Sendable () -> Void
    ) {
        self.channel = channel
        self.executor = executor
        self.pushed = pushed
        self.closed = closed
    }

    /// Connects, and says who we are.
    ///
    /// - Parameters:
    ///   - limit: so long that may take.
    ///   - pushed: takes what comes without being asked for, once a channel was subscribed to. On the loop.
    ///   - closed: is called once, on the loop, when the connection is gone.
    package static func connect(
        to url: RedisURL, on executor: LoopExecutor, within limit: Duration = connectLimit,
        pushed: @escaping @Sendable (RESPValue) -> Void = { _ in }, closed: @escaping @Sendable () -> Void
    ) async throws(RedisError) -> RedisConnection {
        let start = executor.now
        let connection: RedisConnection
        do {
            guard let bootstrap = ClientBootstrap(validatingGroup: executor.loop) else {
                throw RedisError(.unreachable, "Redis needs the event loops of NIOPosix, not \(executor.loop).")
            }
            connection = try await bootstrap.connectTimeout(TimeAmount(limit))
                .connect(host: url.host, port: url.port)
                .flatMapThrowing { channel in
                    let connection = RedisConnection(channel, on: executor, pushed: pushed, closed: closed)
                    try channel.pipeline.syncOperations.addHandler(RedisHandler(connection))
                    return connection
                }.get()
        } catch {
            throw RedisError(.unreachable, "\(url) cannot be connected to.", cause: error)
        }
        let left = limit.left(since: start, on: executor)
        let watch = executor.schedule(after: left) { connection.abandon(after: limit) }
        defer { watch.cancel() }
        do {
            if let password = url.password {
                try await connection.call(RESPCommand([["AUTH"], url.user.map { [$0] } ?? [], [password]].joined()))
            }
            if url.database != 0 { try await connection.call(RESPCommand("SELECT", "\(url.database)")) }
        } catch {
            connection.close()
            throw error
        }
        return connection
    }

    // MARK: Commands

    /// Sends a command and waits for the answer.
    ///
    /// - Throws: `RedisError`, also for an answer that is an error.
    @discardableResult
    package func call(_ command: RESPCommand) async throws(RedisError) -> RESPValue {
        let result: Result<RESPValue, RedisError> = await withCheckedContinuation { continuation in
            executor.loop.execute { self.send(command) { continuation.resume(returning: $0) } }
        }
        let value = try result.get()
        if case .error(let reason) = value { throw RedisError(.refused, "Redis refuses: \(reason.prefix(200)).") }
        return value
    }

    /// Sends a command. Call it on the loop.
    package func send(_ command: RESPCommand, _ answer: @escaping Answer = { _ in }) {
        if let end = state.end { return answer(.failure(end)) }
        let byteCount = command.byteCount
        guard state.waiting.count < Self.waitingLimit, state.waitingBytes + byteCount <= Self.waitingByteLimit else {
            answer(.failure(RedisError(.overloaded, "Redis answers too slowly.")))
            return finish(RedisError(.overloaded, "\(state.waiting.count) commands wait for Redis to answer."))
        }
        state.waiting.append(Waiting(byteCount: byteCount, answer: answer))
        state.waitingBytes += byteCount
        write(command)
    }

    /// Subscribes to channels. From then on all that comes is a push, and nothing else can be asked. Call it on the loop.
    package func subscribe(_ channels: [String]) {
        guard state.end == nil else { return }
        state.isSubscribed = true
        write(RESPCommand(["SUBSCRIBE"] + channels))
    }

    /// Ends the connection. May be called from any loop.
    package func close() {
        executor.loop.execute { self.finish(RedisError(.closed, "The connection to Redis was closed.")) }
    }

    /// Ends the connection because an answer did not come: no later one comes before it. Call it on the loop.
    func abandon(after limit: Duration) {
        finish(RedisError(.overloaded, "Redis did not answer within \(limit)."))
    }

    private func write(_ command: RESPCommand) {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(command.byteCount)
        command.write(to: &bytes)
        channel.write(bytes, promise: nil)
        guard !state.isFlushing else { return }
        state.isFlushing = true
        // What one tick says leaves together.
        executor.loop.execute {
            self.state.isFlushing = false
            self.channel.flush()
        }
    }

    /// Whether the connection is gone. Call it on the loop.
    var hasEnded: Bool { state.end != nil }

    // MARK: Answers

    fileprivate func received(_ value: RESPValue) {
        if state.isSubscribed { return pushed(value) }
        guard let first = state.waiting.popFirst() else {
            return finish(RedisError(.malformed, "Redis answers what was not asked."))
        }
        state.waitingBytes -= first.byteCount
        first.answer(.success(value))
    }

    fileprivate func finish(_ error: RedisError) {
        guard state.end == nil else { return }
        state.end = error
        let waiting = state.waiting
        state.waiting = []
        channel.close(promise: nil)
        for one in waiting { one.answer(.failure(error)) }
        closed()
    }
}

extension Duration {
    /// What is left of a limit.
    func left(since start: NIODeadline, on executor: LoopExecutor) -> Duration {
        max(.zero, self - .nanoseconds((executor.now - start).nanoseconds))
    }
}

/// Between a channel and its connection: parses what comes.
private final class RedisHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let connection: RedisConnection
    private var parser = RESPParser()

    init(_ connection: RedisConnection) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        parser.feed(unwrapInboundIn(data))
        do {
            while let value = try parser.next() { connection.received(value) }
        } catch {
            connection.finish(error)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection.finish(RedisError(.closed, "Redis closed the connection."))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        connection.finish(RedisError(.closed, "The connection to Redis broke.", cause: error))
    }
}
