import LibP2PCore
import NIOCore

/// One stream of a ``Splice``: hands what it reads to the other end, and writes what the other end has read.
// SAFETY: everything that changes is touched on `executor`'s loop only, except in `join`, before the splice is used.
final class SpliceEnd: StreamObserver, @unchecked Sendable {
    /// The stream's loop.
    let executor: LoopExecutor

    private let side: Splice.Side
    private var stream: Stream?
    /// Both are let go when the splice ends: until then the splice lives.
    private var splice: Splice?
    private var other: SpliceEnd?
    private var budget: LaneBudget

    /// Bytes read here that the other end has not written out yet.
    private var bytesUnderWay = 0
    /// Bytes written here that the other end was not told of yet.
    private var bytesUnreported = 0
    private var isStarted = false
    private var isPumping = false
    private var hasPassedEnd = false
    private var hasReportedFinish = false
    /// The other end reads no more, and waits until all that it read is written.
    private var reportsEverything = false
    /// Rings when the rate allows more bytes.
    private var refill: Scheduled<Void>?
    /// Rings when the receiver of the last bytes had its time.
    private var farewell: Scheduled<Void>?

    /// The other end has at most so many bytes to write at once. What comes meanwhile waits in the stream, and both
    /// together are bounded by the stream's window.
    private static let mostUnderWay = 256 * 1024
    /// So many bytes are written before the other end is told: each report wakes its loop, and a sender that has most of
    /// its window left does not wait for the rest.
    private static let reportsEach = 64 * 1024

    /// When all the bytes that are allowed have left, and more have come, the receiver gets so long to read them before
    /// the reset, which makes most programs drop what they have not read.
    static let grace = Duration.seconds(1)

    init(_ side: Splice.Side, on executor: LoopExecutor, bounds: CircuitBounds) {
        self.side = side
        self.executor = executor
        budget = LaneBudget(bounds, now: executor.now)
    }

    func join(_ splice: Splice, facing other: SpliceEnd) {
        self.splice = splice
        self.other = other
    }

    // MARK: Beginning and end

    /// Takes charge of a stream, on its loop: when the splice ends, so does the stream.
    func hold(_ stream: Stream) {
        guard let splice, splice.ending == nil else {
            return stream.reset(NetworkError(.reset, "The circuit has ended."))
        }
        self.stream = stream
    }

    /// Watches the stream that is held, on its loop: when it fails, so does the splice. Nothing is passed on yet.
    func watch() {
        guard let stream else { return }
        stream.observer = self
        if case .failed = stream.output { splice?.end(.broken) }
    }

    /// Begins to pass on, on the loop.
    ///
    /// - Parameter greeting: what the stream sends before any byte of the other one; not counted.
    func start(sending greeting: ByteBuffer? = nil) {
        isStarted = true
        if let greeting, let stream {
            do { _ = try stream.offer(greeting) } catch { splice?.end(.broken) }
        }
        pump()
    }

    /// Lets go of everything, from any thread.
    ///
    /// - Parameter error: what the stream is reset with; nil to leave it as it is.
    func release(resettingWith error: NetworkError?) {
        onLoop { end in
            end.refill?.cancel()
            end.farewell?.cancel()
            end.splice = nil
            end.other = nil
            guard let stream = end.stream else { return }
            end.stream = nil
            stream.observer = nil
            if let error { stream.reset(error) }
        }
    }

    /// Runs on the end's loop: at once if that is where the caller is.
    func onLoop(_ body: @escaping @Sendable (SpliceEnd) -> Void) {
        if executor.isCurrent { body(self) } else { executor.loop.execute { body(self) } }
    }

    // MARK: Reading

    /// See `StreamObserver`.
    func inputChanged(_ stream: Stream) {
        if case .failed = stream.input { splice?.end(.broken) } else { pump() }
    }

    /// Hands on what has come, as far as the bounds and the other end's stream allow.
    private func pump() {
        guard isStarted, !isPumping else { return }
        isPumping = true
        defer { isPumping = false }
        while let stream, bytesUnderWay < Self.mostUnderWay, stream.pendingInput > 0 {
            switch budget.allowance(now: executor.now) {
            case .now(let most):
                guard let bytes = stream.takeInput(upTo: most) else { return }
                passOn(bytes)
            case .later(let time):
                return waitForRate(until: time)
            case .spent:
                // What was allowed leaves first.
                if bytesUnderWay == 0 { sayFarewell() } else { askForReports() }
                return
            }
        }
        passOnEnd()
    }

    private func passOn(_ bytes: ByteBuffer) {
        guard let other else { return }
        let count = bytes.readableBytes
        budget.spend(count)
        bytesUnderWay += count
        splice?.meter.add(count, from: side)
        if other.executor === executor {
            other.write(bytes)
        } else {
            other.executor.loop.execute { other.write(bytes) }
        }
    }

    private func passOnEnd() {
        guard let stream, let other, !hasPassedEnd, stream.pendingInput == 0, case .finished = stream.input else {
            return
        }
        hasPassedEnd = true
        if other.executor === executor {
            other.writeEnd()
        } else {
            other.executor.loop.execute { other.writeEnd() }
        }
        checkFinished()
    }

    /// The other end has written out bytes: their sender may send as many again.
    private func written(_ count: Int) {
        bytesUnderWay -= count
        stream?.grantInput(count)
        pump()
    }

    private func waitForRate(until time: NIODeadline) {
        guard refill == nil else { return }
        refill = executor.loop.scheduleTask(deadline: time) { [weak self] in
            self?.refill = nil
            self?.pump()
        }
    }

    private func askForReports() {
        other?.onLoop { end in
            end.reportsEverything = true
            end.report()
        }
    }

    private func sayFarewell() {
        guard farewell == nil else { return }
        farewell = executor.schedule(after: Self.grace) { [weak self] in self?.splice?.end(.byteLimit) }
    }

    // MARK: Writing

    private func write(_ bytes: ByteBuffer) {
        guard let stream else { return }
        // Before the offer: the stream may be able to send at once.
        bytesUnreported += bytes.readableBytes
        do {
            // Never full: the other end stops far below the stream's limit.
            guard try stream.offer(bytes) else { throw NetworkError(.misuse, "A circuit's stream is full.") }
        } catch {
            splice?.end(.broken)
        }
    }

    private func writeEnd() {
        stream?.closeWrite()
        checkFinished()
    }

    /// See `StreamObserver`.
    func outputChanged(_ stream: Stream) {
        if case .failed = stream.output {
            splice?.end(.broken)
            return
        }
        guard stream.pendingOutput == 0 else { return }
        report()
        checkFinished()
    }

    /// Tells the other end of what was written since the last report, if it is enough.
    private func report() {
        guard let other, let stream, stream.pendingOutput == 0 else { return }
        let count = bytesUnreported
        guard count >= (reportsEverything ? 1 : Self.reportsEach) else { return }
        bytesUnreported = 0
        if other.executor === executor {
            other.written(count)
        } else {
            other.executor.loop.execute { other.written(count) }
        }
    }

    private func checkFinished() {
        guard hasPassedEnd, !hasReportedFinish, let stream, stream.isDone else { return }
        hasReportedFinish = true
        splice?.sideFinished()
    }
}
