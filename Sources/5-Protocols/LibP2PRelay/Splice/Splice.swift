import LibP2PCore
import NIOCore
import Synchronization

/// Joins two streams, so that what comes on one goes out on the other, until both directions have ended or a bound is
/// reached.
///
/// It works by callbacks on the streams' loops and never suspends. Buffers are handed on as they are. The sender of bytes
/// is granted room for them only when they have left for the receiver: so a splice never holds more than one receive
/// window of each direction, also between two loops, and a receiver that stops reading stops the sender.
final class Splice: Sendable {
    /// One of the two streams.
    enum Side: Sendable {
        /// That of the peer that asked for the circuit.
        case source
        /// That of the peer that it asked for.
        case target
    }

    private struct State {
        var ending: CircuitEnding?
        var finishedSides = 0
        var waiting: UnsafeContinuation<CircuitEnding, Never>?
        var timer: Scheduled<Void>?
    }

    /// The source's end.
    let source: SpliceEnd
    /// The target's end.
    let target: SpliceEnd
    /// The bytes that passed.
    let meter = CircuitMeter()

    private let state = Mutex(State())

    /// Makes a splice that waits for its streams; see ``SpliceEnd``.
    ///
    /// - Parameters:
    ///   - source: the loop of the source's stream.
    ///   - target: the loop of the target's stream.
    init(source: LoopExecutor, target: LoopExecutor, bounds: CircuitBounds) {
        self.source = SpliceEnd(.source, on: source, bounds: bounds)
        self.target = SpliceEnd(.target, on: target, bounds: bounds)
        self.source.join(self, facing: self.target)
        self.target.join(self, facing: self.source)
    }

    /// Why the splice has ended; nil while it has not.
    var ending: CircuitEnding? { state.withLock { $0.ending } }

    /// Begins to pass bytes on, on the target's loop; both ends hold their streams, and the source's watches its own.
    ///
    /// - Parameters:
    ///   - greeting: what the source is told first.
    ///   - duration: how long the splice may last; 0 for any time.
    func begin(greeting: ByteBuffer, duration: Duration) {
        limit(to: duration)
        source.onLoop { $0.start(sending: greeting) }
        target.watch()
        target.start()
    }

    private func limit(to duration: Duration) {
        guard duration > .zero else { return }
        let timer = source.executor.schedule(after: duration) { [weak self] in self?.end(.durationLimit) }
        let isOver = state.withLock { state in
            state.timer = timer
            return state.ending != nil
        }
        if isOver { timer.cancel() }
    }

    /// Waits until the splice has ended.
    func finish() async -> CircuitEnding {
        await withUnsafeContinuation { continuation in
            let ending = state.withLock { state in
                if state.ending == nil { state.waiting = continuation }
                return state.ending
            }
            if let ending { continuation.resume(returning: ending) }
        }
    }

    /// One side has received its last byte, and has sent its last one.
    func sideFinished() {
        let isLast = state.withLock { state in
            state.finishedSides += 1
            return state.finishedSides == 2
        }
        if isLast { end(.finished) }
    }

    /// Ends the splice. Unless it finished in order, both streams are reset.
    func end(_ ending: CircuitEnding) {
        let error: NetworkError? =
            switch ending {
            case .finished: nil
            case .broken: NetworkError(.reset, "The circuit's other side is gone.")
            case .byteLimit, .durationLimit, .closed: NetworkError(.refused, "The relay ended the circuit: \(ending).")
            }
        _ = end(ending, sourceError: error, targetError: error)
    }

    /// Ends a splice that did not begin, and leaves the source's stream to who answers on it.
    ///
    /// - Returns: false when it had ended before, and the source's stream with it.
    func abandon() -> Bool {
        end(.closed, sourceError: nil, targetError: NetworkError(.refused, "The relay gave the circuit up."))
    }

    private func end(
        _ ending: CircuitEnding, sourceError: NetworkError?, targetError: NetworkError?
    ) -> Bool {
        let ended = state.withLock { state -> State? in
            guard state.ending == nil else { return nil }
            let before = state
            state = State(ending: ending)
            return before
        }
        guard let ended else { return false }
        ended.timer?.cancel()
        source.release(resettingWith: sourceError)
        target.release(resettingWith: targetError)
        ended.waiting?.resume(returning: ending)
        return true
    }
}
