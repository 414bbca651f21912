import LibP2PCore
import Synchronization

/// One caller that waits for an answer. Whoever finishes it first wins: the answer, the time limit or cancellation.
final class ResolverWaiter: Sendable {
    private enum State {
        case new
        case waiting(CheckedContinuation<NameAnswer, any Error>)
        /// Finished before the continuation was there.
        case early(Result<NameAnswer, NetworkError>)
        case finished
    }

    private let state = Mutex(State.new)

    /// Gives the continuation, once.
    func wait(_ continuation: CheckedContinuation<NameAnswer, any Error>) {
        let early = state.withLock { state -> Result<NameAnswer, NetworkError>? in
            if case .early(let result) = state {
                state = .finished
                return result
            }
            state = .waiting(continuation)
            return nil
        }
        if let early { continuation.resume(with: early) }
    }

    /// Ends the wait, unless it has ended already.
    func finish(_ result: Result<NameAnswer, NetworkError>) {
        let continuation = state.withLock { state -> CheckedContinuation<NameAnswer, any Error>? in
            switch state {
            case .new:
                state = .early(result)
                return nil
            case .waiting(let continuation):
                state = .finished
                return continuation
            case .early, .finished:
                return nil
            }
        }
        continuation?.resume(with: result)
    }
}
