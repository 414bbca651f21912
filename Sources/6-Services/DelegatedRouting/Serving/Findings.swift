import DequeModule
import LibP2PCore
import NIOCore
import Synchronization

/// What a search has found and nobody has taken yet. The search runs in a task of its own, until it ends, or finds more
/// than fits, or is cancelled, or time is up.
final class Findings<Element: Sendable>: Sendable {
    enum Next {
        case element(Element)
        /// The search ended: with an error, or without one; reaching its time limit is none.
        case end((any Error)?)
        /// Nothing within the time.
        case nothingYet
    }

    private struct State {
        var elements: Deque<Element> = []
        var taken = 0
        var isOver = false
        var error: (any Error)?
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let executor: LoopExecutor
    private let capacity: Int
    private let state = Mutex(State())
    private let task = Mutex<Task<Void, Never>?>(nil)

    /// Starts a search.
    ///
    /// - Parameters:
    ///   - limit: how long it may take.
    ///   - capacity: findings after which it is ended: what the slowest client makes this node hold.
    ///   - search: hands what it finds to the function it is given.
    init(
        on executor: LoopExecutor, within limit: Duration, capacity: Int,
        _ search: @escaping @Sendable (@escaping @Sendable (Element) -> Void) async throws -> Void
    ) {
        self.executor = executor
        self.capacity = capacity
        // The search does not keep alive what nobody reads any more.
        let found: @Sendable (Element) -> Void = { [weak self] in self?.add($0) }
        let ended: @Sendable ((any Error)?) -> Void = { [weak self] in self?.finish($0) }
        let work = executor.spawn {
            do {
                try await withDeadline(limit, on: executor) { try await search(found) }
                ended(nil)
            } catch let error as NetworkError where error.code == .timeout {
                ended(nil)
            } catch {
                ended(error)
            }
        }
        task.withLock { $0 = work }
    }

    deinit { task.withLock { $0 }?.cancel() }

    /// Ends the search; what was found can still be taken.
    func cancel() {
        task.withLock { $0 }?.cancel()
        finish(nil)
    }

    private func add(_ element: Element) {
        let (waiter, isFull) = state.withLock { state in
            guard !state.isOver, state.taken < capacity else { return (nil as CheckedContinuation<Void, Never>?, true) }
            state.elements.append(element)
            state.taken += 1
            defer { state.waiter = nil }
            return (state.waiter, state.taken >= capacity)
        }
        waiter?.resume()
        if isFull { cancel() }
    }

    private func finish(_ error: (any Error)?) {
        let waiter = state.withLock { state in
            if !state.isOver {
                state.isOver = true
                state.error = error
            }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    private func wake() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Takes what was found next, waiting for it. One task at a time.
    ///
    /// - Parameter limit: nil to wait for as long as the search goes on.
    func next(within limit: Duration? = nil) async -> Next {
        if let next = take() { return next }
        let timer = limit.map { executor.schedule(after: $0) { [weak self] in self?.wake() } }
        defer { timer?.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiting in
                let isNeeded = state.withLock { state in
                    guard state.elements.isEmpty, !state.isOver, !Task.isCancelled else { return false }
                    state.waiter = waiting
                    return true
                }
                if !isNeeded { waiting.resume() }
            }
        } onCancel: {
            self.cancel()
        }
        if Task.isCancelled { return .end(nil) }
        return take() ?? .nothingYet
    }

    /// All that is found until the search ends.
    func all() async throws -> [Element] {
        var elements: [Element] = []
        while true {
            switch await next() {
            case .element(let element): elements.append(element)
            case .nothingYet: continue
            case .end(let error):
                if let error, elements.isEmpty { throw error }
                return elements
            }
        }
    }

    private func take() -> Next? {
        state.withLock { state in
            if let element = state.elements.popFirst() { return .element(element) }
            return state.isOver ? .end(state.error) : nil
        }
    }
}
