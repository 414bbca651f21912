public import LibP2PCore
import NIOCore
import Synchronization

/// A world with a loop, a clock, chance and a network of its own, all in the thread that drives it.
///
/// A test is a plain function, not an async one: it starts tasks on the simulated loop and drives the loop until they
/// are done. The same seed always gives the same run.
/// ```swift
/// @Test(arguments: 1...20 as ClosedRange<UInt64>)
/// func finds(seed: UInt64) throws {
///     try Simulation.run(seed: seed) { simulation in
///         let nodes = ...
///         let found = try simulation.perform { try await nodes[0].find(key) }
///         #expect(found == key)
///     }
/// }
/// ```
/// What must not happen in it: tasks that are not started by the executor, locks held while waiting, the machine's clock
/// or randomness, and decisions by the order of a `Dictionary` or `Set`, which differs from one to the next.
public final class Simulation: Sendable {
    /// What chance starts from.
    public let seed: UInt64
    /// The loop that everything runs on.
    public let loop: SimulatedLoop
    /// The loop's executor.
    public let executor: LoopExecutor
    /// The same executor, as nodes want it.
    public let loops: LoopGroup
    /// Chance for nodes and tests.
    public let random: RandomSource
    /// The time of the simulated world: it starts on 2026-01-01 and moves with the loop.
    public let clock: WallClock
    /// What connects the nodes.
    public let network: SimulatedNetwork

    /// Makes a world. It must be shut down by ``shutDown()``; ``run(seed:_:)`` does that by itself.
    public init(seed: UInt64 = 1) {
        self.seed = seed
        let loop = SimulatedLoop()
        self.loop = loop
        executor = LoopExecutor(loop)
        loops = LoopGroup(executors: [executor])
        random = RandomSource(seed: seed)
        clock = WallClock {
            Timestamp(seconds: 1_767_225_600) + .nanoseconds((loop.now - SimulatedLoop.start).nanoseconds)
        }
        network = SimulatedNetwork(random: RandomSource(seed: seed ^ 0x6c69_6e6b), loop: loop)
    }

    /// Makes a world, uses it, and ends it.
    public static func run<Result>(
        seed: UInt64 = 1, _ body: (Simulation) throws -> Result
    ) rethrows -> Result {
        let simulation = Simulation(seed: seed)
        defer { simulation.shutDown() }
        return try body(simulation)
    }

    /// Ends the world: what still waits for time never happens.
    public func shutDown() {
        loop.runDue()
        loop.shutDown()
    }

    /// Runs asynchronous work to its end, moving the clock as far as it takes.
    ///
    /// - Parameter limit: the most simulated time to go.
    /// - Throws: what the work throws, or `NetworkError` with `.timeout` when the limit was reached.
    public func perform<Result: Sendable>(
        atMost limit: Duration = .seconds(3600), _ work: @escaping @Sendable () async throws -> Result
    ) throws -> Result {
        let outcome = begin(work)
        guard loop.run(until: { outcome.isKnown }, atMost: limit) else {
            outcome.cancel()
            loop.runDue()
            throw NetworkError(.timeout, "The work was not done within \(limit) of simulated time.")
        }
        return try outcome.get()
    }

    /// Starts asynchronous work, which goes on whenever the loop is driven.
    public func begin<Result: Sendable>(
        _ work: @escaping @Sendable () async throws -> Result
    ) -> SimulatedOutcome<Result> {
        let outcome = SimulatedOutcome<Result>()
        outcome.task = executor.spawn {
            do {
                outcome.finish(.success(try await work()))
            } catch {
                outcome.finish(.failure(error))
            }
        }
        return outcome
    }
}

/// What becomes of work that was begun in a simulation.
public final class SimulatedOutcome<Value: Sendable>: Sendable {
    private struct State {
        var task: Task<Void, Never>?
        var result: Result<Value, any Error>?
    }

    private let state = Mutex(State())

    var task: Task<Void, Never>? {
        get { state.withLock { $0.task } }
        set { state.withLock { $0.task = newValue } }
    }

    func finish(_ result: Result<Value, any Error>) { state.withLock { $0.result = result } }

    /// Whether the work is done.
    public var isKnown: Bool { state.withLock { $0.result != nil } }

    /// The result, when it is known.
    public var result: Result<Value, any Error>? { state.withLock { $0.result } }

    /// Gives the work up.
    public func cancel() { task?.cancel() }

    /// The result.
    ///
    /// - Throws: what the work threw, or `NetworkError` with `.misuse` when it is not done.
    public func get() throws -> Value {
        guard let result else { throw NetworkError(.misuse, "The work is not done; drive the loop first.") }
        return try result.get()
    }
}
