public import LibP2PCore
public import Logging
import NIOCore
public import Redis
import Synchronization

/// Makes the stars of several nodes one, through Redis.
///
/// Each node writes its peers into a hash of its own, and says joins and leaves in a channel that all listen to; each has a
/// channel of its own for handshakes to its peers. A node that dies is known by a key that expires. While Redis is away
/// the star of this node goes on alone; when it comes back, the node writes and learns everything anew.
public actor StarCluster {
    /// How fast things go.
    public struct Timing: Sendable, Hashable {
        /// How often the node says that it lives.
        public var heartbeat: Duration = .seconds(5)
        /// After how long without that its peers are taken to be gone; at least two heartbeats.
        public var expiry: Duration = .seconds(15)
        /// How long others' peers are remembered while Redis is away. Most of them are still there when it is back.
        public var memory: Duration = .seconds(30)
        /// The first wait before Redis is tried again, which doubles up to the longest.
        public var firstRetry: Duration = .milliseconds(200)
        /// The longest wait before Redis is tried again.
        public var longestRetry: Duration = .seconds(5)

        /// The defaults.
        public init() {}
    }

    /// The executor of the loop that the cluster lives on.
    public nonisolated let executor: LoopExecutor

    /// See `Actor`.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    let url: RedisURL
    let hub: StarHub
    let keys: ClusterKeys
    let timing: Timing
    let logger: Logger
    let random: RandomSource
    nonisolated let status = Mutex(StarClusterStatus())

    var commander: RedisConnection?
    var subscriber: RedisConnection?
    /// Other nodes that were heard of, and when last.
    var heard: [StarNodeID: NIODeadline] = [:]
    /// Nodes whose peers should be read again.
    var doubted: Set<StarNodeID> = []
    /// Those of them that were doubted already a heartbeat ago.
    var secondDoubts: Set<StarNodeID> = []
    /// When this node heard itself last: what it says comes back to it, unless the channels are dead.
    var echoedAt = NIODeadline.now()
    /// Whether this node's peers were written again since the last heartbeat.
    var isRestoring = false
    private var run: Task<Void, Never>?
    private var session: Task<Void, any Error>?
    private var forgetting: Scheduled<Void>?

    /// Makes the node's part of a star; nothing happens before ``start()``.
    public init(
        _ url: RedisURL, hub: StarHub, executor: LoopExecutor, timing: Timing = Timing(),
        random: RandomSource = RandomSource(), logger: Logger = Logger(label: "star-cluster")
    ) {
        self.url = url
        self.hub = hub
        self.executor = executor
        self.timing = timing
        self.random = random
        self.logger = logger
        keys = ClusterKeys(database: url.database)
    }

    /// How the cluster stands now.
    public nonisolated var currentStatus: StarClusterStatus { status.withLock { $0 } }

    nonisolated var node: StarNodeID { hub.roster.node }

    /// Connects, and keeps connected from now on. A Redis that is not there is no error: the node goes on alone.
    public func start() {
        guard run == nil else { return }
        hub.connect(to: self)
        run = executor.spawn { await self.keepConnected() }
    }

    /// Takes this node's peers out of the star, and ends the connections.
    public func stop() async {
        run?.cancel()
        if let commander {
            // Redis may hang; then what this node wrote expires.
            try? await guarded(commander, within: .seconds(1)) {
                tell(.gone(node))
                commander.send(RESPCommand("SREM", keys.nodes, "\(node)"))
                try await commander.call(RESPCommand("DEL", keys.alive(node), keys.peers(node)))
            }
        }
        session?.cancel()
        disconnect()
        await run?.value
        run = nil
        forgetting?.cancel()
        hub.connect(to: nil)
        hub.roster.forgetElsewhere { _, _ in true }
    }

    // MARK: Connecting

    private func keepConnected() async {
        var wait = timing.firstRetry
        var isKnownToFail = false
        while !Task.isCancelled {
            let session = executor.spawnResult { try await self.hold() }
            self.session = session
            let failure = await session.result
            let wasConnected = commander != nil
            disconnect()
            guard !Task.isCancelled else { return }
            if wasConnected { (wait, isKnownToFail) = (timing.firstRetry, false) }
            if !isKnownToFail, case .failure(let error) = failure {
                logger.warning("The star goes on without Redis.", metadata: ["redis": "\(url)", "error": "\(error)"])
            }
            isKnownToFail = true
            // Nodes that lost Redis at one moment do not all come back at one.
            var generator = random.generator
            let share = Double.random(in: 0.5...1, using: &generator)
            try? await executor.sleep(for: wait * share)
            wait = min(wait * 2, timing.longestRetry)
        }
    }

    /// Connects, and stays so until a connection is gone or the task is cancelled.
    private func hold() async throws {
        let subscription = Subscription(count: 2, on: executor)
        let ended: @Sendable () -> Void = {
            subscription.fail(RedisError(.closed, "The connection to Redis was closed."))
            self.assumeIsolated { $0.session?.cancel() }
        }
        defer { subscription.fail(RedisError(.closed, "The connection to Redis is not wanted any more.")) }
        let subscriber = try await RedisConnection.connect(
            to: url, on: executor,
            pushed: { value in
                subscription.note(value)
                self.assumeIsolated { $0.pushed(value) }
            },
            closed: ended)
        self.subscriber = subscriber
        subscriber.subscribe([keys.news, keys.inbox(node)])
        try await guarded(subscriber) { try await subscription.wait() }
        let commander = try await RedisConnection.connect(to: url, on: executor, closed: ended)
        guard !Task.isCancelled else { return commander.close() }
        try await begin(commander)
        while true {
            try await executor.sleep(for: timing.heartbeat)
            guard executor.now - echoedAt <= TimeAmount(timing.expiry) else {
                throw RedisError(.overloaded, "Nothing came through Redis's channels for \(timing.expiry).")
            }
            try await guarded(commander) { try await beat(commander) }
        }
    }

    /// Does something that waits for answers, and closes the connection when it takes too long.
    private func guarded(
        _ connection: RedisConnection, within limit: Duration? = nil, _ work: () async throws -> Void
    ) async throws {
        let watch = executor.schedule(after: limit ?? timing.expiry) { connection.close() }
        defer { watch.cancel() }
        try await work()
    }

    /// Writes this node's peers, and learns the others'. From here on joins and leaves are passed on as they come.
    private func begin(_ commander: RedisConnection) async throws {
        forgetting?.cancel()
        forgetting = nil
        (heard, doubted, secondDoubts) = ([:], [], [])
        echoedAt = executor.now
        self.commander = commander
        register(commander)
        status.withLock { $0.isConnected = true }
        logger.info("The star is connected to Redis.", metadata: ["redis": "\(url)", "node": "\(node)"])
        try await guarded(commander) { try await learn(commander) }
    }

    private func disconnect() {
        let wasConnected = status.withLock { status in
            defer { status.isConnected = false }
            return status.isConnected
        }
        commander?.close()
        subscriber?.close()
        (commander, subscriber) = (nil, nil)
        guard wasConnected else { return }
        forgetting = executor.schedule(after: timing.memory) { [hub] in
            hub.roster.forgetElsewhere { _, _ in true }
        }
    }
}

/// How a star's cluster stands.
public struct StarClusterStatus: Sendable, Hashable, Codable {
    /// Whether Redis is there.
    public var isConnected = false
    /// Other nodes that live.
    public var nodes = 0

    init() {}
}

/// Waits until channels are subscribed to.
private final class Subscription: Sendable {
    private let missing: Mutex<Int>
    private let promise: EventLoopPromise<Void>

    init(count: Int, on executor: LoopExecutor) {
        missing = Mutex(count)
        promise = executor.loop.makePromise()
    }

    /// Waits for the last channel, or the failure.
    func wait() async throws { try await promise.futureResult.get() }

    func fail(_ error: RedisError) { promise.fail(error) }

    func note(_ value: RESPValue) {
        if case .error(let reason) = value {
            return promise.fail(RedisError(.refused, "Redis refuses: \(reason.prefix(200))."))
        }
        guard value.elements?.first?.text == "subscribe" else { return }
        let isDone = missing.withLock { missing in
            missing -= 1
            return missing == 0
        }
        if isDone { promise.succeed() }
    }
}
