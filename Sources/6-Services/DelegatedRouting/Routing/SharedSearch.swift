import LibP2PCore
import LibP2PIdentity
import Synchronization

/// One search that any number of requests wait for.
///
/// A request leaves when it has enough, and the search goes on to its end for those who come later; when a request is
/// cancelled and nobody else waits, the search ends too.
final class SharedSearch: Sendable {
    /// What a search came to.
    enum Outcome: Sendable {
        case complete([RoutingRecord])
        case failed(any Error)
        /// Nobody waited for it any more.
        case abandoned
    }

    private struct Reader {
        let limit: Int
        var taken = 0
        let onFound: @Sendable (RoutingRecord) -> Void
        var waiting: CheckedContinuation<Void, any Error>?
    }

    private struct State {
        var found: [RoutingRecord] = []
        /// Where each peer stands in what was found.
        var places: [PeerID: Int] = [:]
        var readers: [UInt64: Reader] = [:]
        var nextReader: UInt64 = 0
        var outcome: Outcome?
        var task: Task<Void, Never>?
        var wasLeft = false
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// Makes a search that waits for ``start(on:within:_:onEnd:)``.
    ///
    /// - Parameter capacity: records that are kept at most; more are passed on and not kept.
    init(capacity: Int) { self.capacity = capacity }

    /// Begins.
    ///
    /// - Parameters:
    ///   - limit: how long it may take; what was found until then counts.
    ///   - onEnd: is told what it came to, before those who wait are.
    func start(
        on executor: LoopExecutor, within limit: Duration,
        _ search: @escaping @Sendable (@escaping @Sendable (RoutingRecord) -> Void) async throws -> Void,
        onEnd: @escaping @Sendable (Outcome) -> Void
    ) {
        let task = executor.spawn {
            var failure: (any Error)?
            do {
                try await withDeadline(limit, on: executor) { try await search { self.add($0) } }
            } catch let error as NetworkError where error.code == .timeout {
            } catch {
                failure = error
            }
            let outcome = self.end(failure)
            onEnd(outcome)
            self.release(outcome)
        }
        state.withLock { $0.task = task }
    }

    /// Waits until there is enough, or no more. What was found before is told at once.
    func read(limit: Int, onFound: @escaping @Sendable (RoutingRecord) -> Void) async throws {
        let limit = limit > 0 ? limit : .max
        let (id, before) = state.withLock { state in
            let id = state.nextReader
            state.nextReader += 1
            let before = Array(state.found.prefix(limit))
            state.readers[id] = Reader(limit: limit, taken: before.count, onFound: onFound)
            return (id, before)
        }
        for record in before { onFound(record) }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (waiting: CheckedContinuation<Void, any Error>) in
                let result: Result<Void, any Error>? = state.withLock { state in
                    guard let reader = state.readers[id] else { return .failure(CancellationError()) }
                    if reader.taken >= limit {
                        state.readers[id] = nil
                        return .success(())
                    }
                    if case .failed(let error) = state.outcome {
                        state.readers[id] = nil
                        return .failure(error)
                    }
                    if state.outcome != nil {
                        state.readers[id] = nil
                        return .success(())
                    }
                    state.readers[id]?.waiting = waiting
                    return nil
                }
                if let result { waiting.resume(with: result) }
            }
        } onCancel: {
            leave(id)
        }
    }

    private func add(_ record: RoutingRecord) {
        let (told, done) = state.withLock { state in
            var told: [@Sendable (RoutingRecord) -> Void] = []
            var done: [CheckedContinuation<Void, any Error>] = []
            let place = state.places[record.id]
            if let place {
                state.found[place] = record
            } else if state.found.count < capacity {
                state.places[record.id] = state.found.count
                state.found.append(record)
            }
            for (id, reader) in state.readers where reader.taken < reader.limit {
                told.append(reader.onFound)
                // More of a peer that was told already is not one more.
                guard place == nil else { continue }
                state.readers[id]?.taken += 1
                guard reader.taken + 1 >= reader.limit, let waiting = reader.waiting else { continue }
                done.append(waiting)
                state.readers[id] = nil
            }
            return (told, done)
        }
        for tell in told { tell(record) }
        for waiting in done { waiting.resume() }
    }

    /// A request was cancelled.
    private func leave(_ id: UInt64) {
        let (waiting, task) = state.withLock { state in
            let waiting = state.readers.removeValue(forKey: id)?.waiting
            guard state.readers.isEmpty, state.outcome == nil else { return (waiting, nil as Task<Void, Never>?) }
            state.wasLeft = true
            return (waiting, state.task)
        }
        waiting?.resume(throwing: CancellationError())
        task?.cancel()
    }

    private func end(_ failure: (any Error)?) -> Outcome {
        state.withLock { state in
            let outcome: Outcome =
                if state.wasLeft { .abandoned } else if let failure { .failed(failure) } else { .complete(state.found) }
            state.outcome = outcome
            state.task = nil
            return outcome
        }
    }

    private func release(_ outcome: Outcome) {
        let waiting = state.withLock { state in
            defer { state.readers = [:] }
            return state.readers.values.compactMap(\.waiting)
        }
        for waiting in waiting {
            if case .failed(let error) = outcome { waiting.resume(throwing: error) } else { waiting.resume() }
        }
    }
}
