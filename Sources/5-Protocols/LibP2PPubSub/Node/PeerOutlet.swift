import DequeModule
import LibP2PCore
import NIOCore
import Synchronization

/// The one-way stream to a peer, with what waits for it: the end of every fan-out.
///
/// RPCs come from the router's loop with their length in front, and share their bytes with those for other peers. They go
/// out by callbacks on the connection's loop, as fast as the peer takes them.
final class PeerOutlet: Sendable {
    private struct State {
        var queue: Deque<ByteBuffer> = []
        var byteCount = 0
        var stream: NIOLoopBound<Stream>?
        var isDraining = false
        var isWakeUpScheduled = false
        var isEnded = false
        var waiter: UnsafeContinuation<Void, Never>?
        var lastProgress: NIODeadline
    }

    private let executor: LoopExecutor
    private let limits: PubSubLimits
    private let state: Mutex<State>

    /// - Parameter executor: the connection's.
    init(on executor: LoopExecutor, limits: PubSubLimits) {
        self.executor = executor
        self.limits = limits
        state = Mutex(State(lastProgress: executor.now))
    }

    /// What became of an RPC.
    enum Outcome { case queued, dropped, failed }

    /// Queues an RPC. May be called on any loop.
    ///
    /// - Parameter isUrgent: whether it may take the room that others leave; if even that is gone the outlet fails, since
    ///   the peer's view of the mesh would be wrong from then on.
    func send(_ frame: ByteBuffer, isUrgent: Bool) -> Outcome {
        let (outcome, mustWake) = state.withLock { state -> (Outcome, Bool) in
            guard !state.isEnded else { return (.dropped, false) }
            let share = isUrgent ? 2 : 1
            let fits =
                state.queue.count < limits.queueLength * share
                && (state.queue.isEmpty || state.byteCount + frame.readableBytes <= limits.queueBytes * share)
            guard fits else { return (isUrgent ? .failed : .dropped, false) }
            if state.queue.isEmpty { state.lastProgress = executor.now }
            state.queue.append(frame)
            state.byteCount += frame.readableBytes
            let mustWake = state.stream != nil && !state.isWakeUpScheduled
            if mustWake { state.isWakeUpScheduled = true }
            return (.queued, mustWake)
        }
        if mustWake {
            executor.loop.execute {
                self.state.withLock { $0.isWakeUpScheduled = false }
                self.drain()
            }
        }
        return outcome
    }

    /// Whether something waits, and the peer has taken nothing for too long.
    func isStalled(at now: NIODeadline) -> Bool {
        state.withLock { !$0.queue.isEmpty && now - $0.lastProgress > TimeAmount(limits.stallTime) }
    }

    /// Opens the stream and carries what is sent until either side ends it.
    ///
    /// - Returns: whether the peer speaks the protocol, so that another try makes sense.
    func run(on connection: Connection, _ kind: PubSubProtocol) async -> Bool {
        defer { end() }
        do {
            try await connection.withStream([kind.id]) { stream in
                guard self.attach(stream) else { return }
                // The answer to the proposal is read here. Nothing else should come; a peer that only ends its own side,
                // for which it has no use, is served on.
                while try await stream.read() != nil {}
                await self.untilEnd()
            }
            return true
        } catch {
            return (error as? NetworkError)?.code != .unsupportedProtocol
        }
    }

    /// Ends the stream at once.
    func close() {
        let stream = state.withLock { state in
            state.isEnded = true
            return state.stream
        }
        guard let stream else { return }
        executor.loop.execute {
            stream.value.reset(NetworkError(.closed, "The node has no use for the stream any more."))
        }
    }

    private func attach(_ stream: Stream) -> Bool {
        let bound = NIOLoopBound(stream, eventLoop: executor.loop)
        let isWanted = state.withLock { state in
            if !state.isEnded { state.stream = bound }
            return !state.isEnded
        }
        guard isWanted else { return false }
        stream.observer = self
        drain()
        return true
    }

    /// Gives the stream what it takes. On the connection's loop.
    private func drain() {
        // The stream may call back while it is offered something.
        let stream = state.withLock { state -> NIOLoopBound<Stream>? in
            guard !state.isDraining, !state.isEnded else { return nil }
            state.isDraining = true
            return state.stream
        }
        guard let stream = stream?.value else { return }
        defer { state.withLock { $0.isDraining = false } }
        while let frame = state.withLock({ $0.queue.first }) {
            do {
                guard try stream.offer(frame) else { return }
            } catch {
                return end()
            }
            state.withLock { state in
                guard !state.queue.isEmpty else { return }
                state.queue.removeFirst()
                state.byteCount -= frame.readableBytes
                state.lastProgress = executor.now
            }
        }
    }

    private func untilEnd() async {
        await withUnsafeContinuation { waiting in
            let isOver = state.withLock { state in
                if !state.isEnded { state.waiter = waiting }
                return state.isEnded
            }
            if isOver { waiting.resume() }
        }
    }

    private func end() {
        let waiter = state.withLock { state in
            state.isEnded = true
            state.queue.removeAll()
            state.byteCount = 0
            state.stream = nil
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}

extension PeerOutlet: StreamObserver {
    func inputChanged(_ stream: Stream) {
        if case .failed = stream.input { end() }
    }

    func outputChanged(_ stream: Stream) {
        if case .failed = stream.output { end() } else { drain() }
    }
}
