public import NIOCore

/// Runs actors and tasks on one NIO event loop, so that a connection's socket, cipher, muxer, streams and protocol
/// handlers share one thread and need neither locks nor hops.
///
/// It is the serial executor of every actor that lives on the loop and the task executor of every task started there.
/// Being both at once is what makes an `await` between them cheap: the runtime sees that it is already in the right
/// place. Jobs are never run inside `enqueue`; they are gathered and run together right after the loop's current
/// callback, followed by one round of ``flushSoon(_:)`` work. So everything that one socket read has set off is written
/// by one flush.
///
/// One who has much to do must not keep the loop from the others. Jobs run for 2 ms at most before sockets are looked at
/// again, and whoever goes on without having to wait for anything calls ``giveWay(for:)`` now and then: those
/// have their turns when there are no other jobs, one after the other by their owners.
public final class LoopExecutor: SerialExecutor, TaskExecutor {
    /// The event loop that everything here runs on.
    public let loop: any EventLoop

    // SAFETY: read and written only while `loop.inEventLoop`; every accessor is reached from the loop's own thread.
    private nonisolated(unsafe) var state = State()

    private struct State {
        var jobs: [UnownedJob] = []
        var turns = LoopTurns()
        var spare: [UnownedJob] = []
        var flushes: [any LoopFlushing] = []
        var spareFlushes: [any LoopFlushing] = []
        var isDrainScheduled = false
        /// When the drains that followed one another without a break have to end.
        var end = NIODeadline.distantPast
        var lastDrain = NIODeadline.distantPast
        var bufferedBytes = 0

        var hasWork: Bool { !jobs.isEmpty || !turns.isEmpty }
    }

    /// How many jobs one drain runs before sockets get their turn again.
    private static let drainLimit = 4096
    /// How long drains may follow one another. What one connection asks for must not keep the sockets of all others waiting.
    private static let drainTime = TimeAmount.milliseconds(2)
    /// After so long without jobs the loop has been at its sockets.
    private static let breakTime = TimeAmount.microseconds(20)
    /// So many jobs run between two looks at the clock.
    private static let jobsBetweenLooks = 16
    /// How long the jobs that are left wait then, unless the sockets take longer.
    private static let pause = TimeAmount.microseconds(50)

    /// The most bytes that the streams of this loop may hold unread, together.
    public let bufferLimit: Int

    /// Makes the executor of a loop. There must be only one for each loop: see ``LoopGroup``.
    ///
    /// - Parameter bufferLimit: bytes that all streams of the loop together may hold unread; 0 is unlimited.
    public init(_ loop: any EventLoop, bufferLimit: Int = 0) {
        self.loop = loop
        self.bufferLimit = bufferLimit == 0 ? .max : bufferLimit
    }

    /// Whether the caller runs on the loop.
    public var isCurrent: Bool { loop.inEventLoop }

    /// The loop's clock; virtual in simulations.
    public var now: NIODeadline { loop.now }

    // MARK: Executor

    /// Takes a job, to be run on the loop soon. May be called on any thread.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if loop.inEventLoop {
            state.jobs.append(job)
            scheduleDrain()
        } else {
            loop.execute {
                self.state.jobs.append(job)
                if !self.state.isDrainScheduled { self.drain() }
            }
        }
    }

    /// See `SerialExecutor`.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    /// See `TaskExecutor`.
    public func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }

    /// Lets `assumeIsolated` succeed in the loop's own callbacks.
    public func checkIsolated() { loop.preconditionInEventLoop() }

    /// See `SerialExecutor`.
    public func isIsolatingCurrentContext() -> Bool? { loop.inEventLoop }

    // MARK: Work of the current tick

    /// Calls `flushNow()` once, after the jobs of this tick have run. Call it on the loop; it does not check whether
    /// the same object is waiting already.
    public func flushSoon(_ work: any LoopFlushing) {
        loop.assertInEventLoop()
        state.flushes.append(work)
        scheduleDrain()
    }

    private func scheduleDrain() {
        guard !state.isDrainScheduled else { return }
        state.isDrainScheduled = true
        loop.execute { self.drain() }
    }

    private func drain() {
        state.isDrainScheduled = true
        let now = loop.now
        if now - state.lastDrain > Self.breakTime { state.end = now + Self.drainTime }
        let isDone = runJobs(from: now)
        if isDone { state.isDrainScheduled = false }
        // The same for those who flush, and who may ask to flush again.
        var flushes = state.spareFlushes
        state.spareFlushes = []
        swap(&flushes, &state.flushes)
        for work in flushes { work.flushNow() }
        flushes.removeAll(keepingCapacity: flushes.capacity <= Self.drainLimit)
        state.spareFlushes = flushes
        state.lastDrain = loop.now
        guard !isDone else { return }
        // The loop runs what `execute` is given before it looks at its sockets, for as long as there is anything.
        state.lastDrain = .distantPast
        loop.scheduleTask(in: Self.pause) { self.drain() }
    }

    /// - Returns: false when the time or the budget ended before the work.
    private func runJobs(from start: NIODeadline) -> Bool {
        let end = state.end
        var budget = Self.drainLimit
        var now = start
        // One in each drain, however many jobs there are: to let others go first is not to be forgotten.
        var isTurnDue = true
        while state.hasWork {
            guard budget > 0, now <= end else { return false }
            if isTurnDue || state.jobs.isEmpty, let turn = state.turns.next() { turn.resume() }
            isTurnDue = false
            // Swap with a kept array, so that jobs which enqueue further jobs neither copy nor reallocate.
            var batch = state.spare
            state.spare = []
            swap(&batch, &state.jobs)
            var done = 0
            for job in batch {
                unsafe job.runSynchronously(
                    isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
                done += 1
                if done.isMultiple(of: Self.jobsBetweenLooks), loop.now > end { break }
            }
            budget -= max(1, done)
            if done < batch.count {
                // What came meanwhile stays behind what was there.
                batch.removeFirst(done)
                batch += state.jobs
                swap(&batch, &state.jobs)
            }
            batch.removeAll(keepingCapacity: batch.capacity <= Self.drainLimit)
            state.spare = batch
            now = loop.now
        }
        return true
    }

    // MARK: Turns

    /// Lets all else that the loop has to do go first, as far as that can be done soon.
    ///
    /// For those who could go on for long without waiting for anything, such as one who answers requests that are there
    /// already. Those who give way for the same owner go on one after the other, and the owners have a turn each, so that
    /// nobody gains by being many.
    ///
    /// - Parameter owner: in whose name the caller works, such as its connection; it is not kept alive.
    public func giveWay(for owner: AnyObject) async {
        let owner = ObjectIdentifier(owner)
        await withCheckedContinuation { waiting in
            if loop.inEventLoop {
                append(waiting, for: owner)
            } else {
                loop.execute { self.append(waiting, for: owner) }
            }
        }
    }

    private func append(_ waiting: CheckedContinuation<Void, Never>, for owner: ObjectIdentifier) {
        state.turns.append(waiting, for: owner)
        scheduleDrain()
    }

    // MARK: Memory

    /// Accounts for bytes that a stream of this loop took in (positive) or gave away (negative).
    ///
    /// - Returns: false when the loop's limit is exceeded, and the bytes were not accounted for.
    func reserveBuffer(_ byteCount: Int) -> Bool {
        guard byteCount <= 0 || state.bufferedBytes <= bufferLimit - byteCount else { return false }
        state.bufferedBytes += byteCount
        return true
    }

    /// Bytes that the streams of this loop hold unread. Call it on the loop.
    public var bufferedBytes: Int {
        loop.assertInEventLoop()
        return state.bufferedBytes
    }
}

/// Something that gathers output during a tick and writes it out at the tick's end.
public protocol LoopFlushing: AnyObject {
    /// Writes what was gathered. Called once for each ``LoopExecutor/flushSoon(_:)``.
    func flushNow()
}
