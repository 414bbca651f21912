public import LibP2PCore
public import Logging
import Multiformats
import NIOCore
import Synchronization

/// Says in the DHT that this node relays, so that the auto-relays of 2020 find it: they look for providers of a CID made
/// of the text ``namespace``.
///
/// It knows no DHT: it is given a way to publish a provider record. Today's clients don't look there.
public final class RelayAdvertiser: Sendable {
    /// Publishes that this node provides the content with a multihash (in binary form).
    public typealias Provide = @Sendable (_ multihash: [UInt8]) async throws -> Void

    /// When to publish.
    public struct Schedule: Sendable, Hashable {
        /// From the start to the first time. js-libp2p waits for 15 minutes, as its nodes come and go.
        public var bootDelay: Duration
        /// From one time to the next, as in js-libp2p and go-libp2p.
        public var interval: Duration
        /// From a failure to the next attempt, as long as there was no success.
        public var retryDelay: Duration

        /// Declares times.
        public init(
            bootDelay: Duration = .seconds(15), interval: Duration = .seconds(30 * 60),
            retryDelay: Duration = .seconds(60)
        ) {
            self.bootDelay = bootDelay
            self.interval = interval
            self.retryDelay = retryDelay
        }
    }

    private struct State {
        var isRunning = false
        var timer: Scheduled<Void>?
        var task: Task<Void, Never>?
    }

    /// What the clients' CID is made of.
    public static let namespace = "/libp2p/relay"

    /// The multihash that is published: SHA-256 of ``namespace``.
    public static var multihash: [UInt8] { Multihash.sha256(of: Array(namespace.utf8)).bytes }

    private let executor: LoopExecutor
    private let schedule: Schedule
    private let provide: Provide
    private let logger: Logger
    private let state = Mutex(State())

    /// Makes an advertiser that does nothing before ``start()``.
    ///
    /// - Parameter executor: where it waits and works, such as the network's home.
    public init(
        on executor: LoopExecutor, schedule: Schedule = Schedule(), logger: Logger = Logger(label: "relay"),
        provide: @escaping Provide
    ) {
        self.executor = executor
        self.schedule = schedule
        self.logger = logger
        self.provide = provide
    }

    /// Publishes after the boot delay, and again after each interval.
    public func start() {
        state.withLock { state in
            guard !state.isRunning else { return }
            state.isRunning = true
            state.timer = timer(after: schedule.bootDelay)
        }
    }

    /// Publishes no more. What was published expires by itself.
    public func stop() {
        let (timer, task) = state.withLock { state in
            defer { state = State() }
            return (state.timer, state.task)
        }
        timer?.cancel()
        task?.cancel()
    }

    private func timer(after delay: Duration) -> Scheduled<Void> {
        executor.schedule(after: delay) { [weak self] in self?.begin() }
    }

    private func begin() {
        state.withLock { state in
            guard state.isRunning else { return }
            state.task = executor.spawn { await self.publish() }
        }
    }

    private func publish() async {
        var delay = schedule.interval
        do {
            try await provide(Self.multihash)
            logger.debug("published that this node relays")
        } catch {
            delay = min(delay, schedule.retryDelay)
            logger.debug(
                "could not publish that this node relays",
                metadata: ["error": "\(error)", "again_in": "\(delay)"])
        }
        state.withLock { state in
            guard state.isRunning else { return }
            state.timer = timer(after: delay)
        }
    }
}
