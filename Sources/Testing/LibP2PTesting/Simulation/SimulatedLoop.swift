import DequeModule
public import Dispatch
import HeapModule
public import NIOCore
import Synchronization

/// An event loop with a clock of its own, which stands still until it is told to move.
///
/// A `LoopExecutor` on it runs actors, tasks and timers of a whole network in the one thread that drives it, always in
/// the same order: first come, first served, timers by their deadline. See ``Simulation`` for the rest of the world.
///
/// It may be used from any thread, but what other threads enqueue comes in an order that no seed decides:
/// ``foreignCalls`` counts that, and is 0 as long as a simulation is deterministic.
public final class SimulatedLoop: EventLoop {
    /// Where the clock starts. Not at 0, so that code may look back.
    public static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private struct Work {
        let run: @Sendable () -> Void
    }

    private struct Timer {
        let run: @Sendable () -> Void
        let abandon: @Sendable (any Error) -> Void
    }

    private struct Alarm: Comparable {
        let deadline: NIODeadline
        let number: UInt64

        static func < (left: Alarm, right: Alarm) -> Bool {
            (left.deadline, left.number) < (right.deadline, right.number)
        }
    }

    private struct State {
        var ready = Deque<Work>()
        var alarms = Heap<Alarm>()
        /// The timers that were not cancelled; what is missing here has lost its alarm.
        var timers: [UInt64: Timer] = [:]
        var nextNumber: UInt64 = 0
        var foreignCalls = 0
        var isShutDown = false
    }

    private let state = Mutex(State())
    private let time = Atomic<UInt64>(SimulatedLoop.start.uptimeNanoseconds)
    private let driver = Atomic<UInt>(ThreadIdentity.current)

    /// Makes a loop that the calling thread drives, until another one does.
    public init() {}

    // MARK: Clock

    /// The simulated time.
    public var now: NIODeadline { .uptimeNanoseconds(time.load(ordering: .relaxed)) }

    func setTime(_ deadline: NIODeadline) { time.store(deadline.uptimeNanoseconds, ordering: .relaxed) }

    // MARK: Where we are

    /// Whether the caller is the thread that drives the loop.
    public var inEventLoop: Bool { driver.load(ordering: .relaxed) == ThreadIdentity.current }

    /// Makes the calling thread the one that drives the loop.
    func takeOver() { driver.store(ThreadIdentity.current, ordering: .relaxed) }

    /// How often another thread gave the loop something to do.
    public var foreignCalls: Int { state.withLock { $0.foreignCalls } }

    // MARK: Work

    /// Runs a task when the loop is driven next.
    public func execute(_ task: @escaping @Sendable () -> Void) {
        let isForeign = !inEventLoop
        state.withLock { state in
            if isForeign { state.foreignCalls += 1 }
            guard !state.isShutDown else { return }
            state.ready.append(Work(run: task))
        }
    }

    /// Runs a task when the loop is driven next, and tells the result.
    public func submit<T>(_ task: @escaping @Sendable () throws -> T) -> EventLoopFuture<T> {
        scheduleTask(deadline: now, task).futureResult
    }

    /// Runs a task as soon as the clock reaches a time.
    @discardableResult
    public func scheduleTask<T>(
        deadline: NIODeadline, _ task: @escaping @Sendable () throws -> T
    ) -> Scheduled<T> {
        let promise = makePromise(of: T.self)
        let timer = Timer(
            run: {
                do { promise.assumeIsolated().succeed(try task()) } catch { promise.fail(error) }
            },
            abandon: { promise.fail($0) })
        let isForeign = !inEventLoop
        let number = state.withLock { state -> UInt64? in
            if isForeign { state.foreignCalls += 1 }
            guard !state.isShutDown else { return nil }
            let number = state.nextNumber
            state.nextNumber += 1
            state.timers[number] = timer
            state.alarms.insert(Alarm(deadline: max(deadline, now), number: number))
            return number
        }
        guard let number else {
            promise.fail(EventLoopError.shutdown)
            return Scheduled(promise: promise, cancellationTask: {})
        }
        return Scheduled(promise: promise) {
            // Returned and dropped outside the lock: what the timer holds may enqueue work when it goes.
            _ = self.state.withLock { $0.timers.removeValue(forKey: number) }
        }
    }

    /// Runs a task after some simulated time.
    @discardableResult
    public func scheduleTask<T>(
        in delay: TimeAmount, _ task: @escaping @Sendable () throws -> T
    ) -> Scheduled<T> {
        scheduleTask(deadline: now + delay, task)
    }

    /// Takes the next piece of work that is due now.
    func nextReady() -> (@Sendable () -> Void)? {
        let now = now
        return state.withLock { state -> Work? in
            if let work = state.ready.popFirst() { return work }
            while let alarm = state.alarms.min, alarm.deadline <= now {
                state.alarms.removeMin()
                if let timer = state.timers.removeValue(forKey: alarm.number) { return Work(run: timer.run) }
            }
            return nil
        }?.run
    }

    /// When the earliest timer is due; nil when there is none.
    var nextDeadline: NIODeadline? {
        state.withLock { state in
            while let alarm = state.alarms.min {
                if state.timers[alarm.number] != nil { return alarm.deadline }
                state.alarms.removeMin()
            }
            return nil
        }
    }

    // MARK: End

    /// Fails all timers and takes no more work. Without it their promises keep the loop alive for ever.
    public func shutDown() {
        let timers = state.withLock { state in
            let timers = state.timers.sorted { $0.key < $1.key }
            state = State(foreignCalls: state.foreignCalls, isShutDown: true)
            return timers
        }
        for (_, timer) in timers { timer.abandon(EventLoopError.shutdown) }
    }

    // MARK: Loop group

    /// The loop itself.
    public func next() -> any EventLoop { self }

    /// The loop itself, once.
    public func makeIterator() -> EventLoopIterator { EventLoopIterator([self]) }

    /// See ``shutDown()``.
    public func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
        shutDown()
        queue.async { callback(nil) }
    }

    /// Stops the program unless the caller is the thread that drives the loop.
    public func preconditionInEventLoop(file: StaticString, line: UInt) {
        precondition(inEventLoop, "This is not the thread that drives the simulated loop.", file: file, line: line)
    }

    /// Stops the program if the caller is the thread that drives the loop.
    public func preconditionNotInEventLoop(file: StaticString, line: UInt) {
        precondition(!inEventLoop, "This is the thread that drives the simulated loop.", file: file, line: line)
    }
}
