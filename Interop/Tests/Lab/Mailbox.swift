import Dispatch
import Synchronization

/// What arrives from outside (lines of a process, bytes of a socket) until a test takes it. Every wait has a limit and
/// ends as soon as what it waits for is there, or can no longer come.
final class Mailbox<Element: Sendable>: Sendable {
    typealias Action = @Sendable () -> Void

    private struct Waiter {
        let satisfy: @Sendable (inout [Element]) -> Action?
        let fail: @Sendable (InteropError) -> Void
        let what: String
    }

    private struct State {
        var elements: [Element] = []
        var ending: String?
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    /// Whether nothing more will come; something may still lie here.
    var hasEnded: Bool { state.withLock { $0.ending != nil } }

    func deliver(_ elements: [Element]) {
        let actions = state.withLock { state -> [Action] in
            state.elements += elements
            return Self.satisfyWaiters(&state)
        }
        for action in actions { action() }
    }

    /// Nothing more will come: whoever waits for more fails with `reason`.
    func end(_ reason: String) {
        let actions = state.withLock { state -> [Action] in
            guard state.ending == nil else { return [] }
            state.ending = reason
            let actions = Self.satisfyWaiters(&state)
            let failed = state.waiters.values
            state.waiters = [:]
            return actions
                + failed.map { waiter in
                    { waiter.fail(InteropError("while waiting for \(waiter.what): \(reason)")) }
                }
        }
        for action in actions { action() }
    }

    /// Waits until `attempt` finds what it looks for among the elements that have arrived (and removes it from them).
    func take<Taken: Sendable>(
        _ what: String, within limit: Duration = .seconds(60),
        _ attempt: @escaping @Sendable (inout [Element]) -> Taken?
    ) async throws -> Taken {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Taken, any Error>) in
            let action = state.withLock { state -> Action? in
                if let taken = attempt(&state.elements) {
                    return { continuation.resume(returning: taken) }
                }
                if let ending = state.ending {
                    return { continuation.resume(throwing: InteropError("while waiting for \(what): \(ending)")) }
                }
                let number = state.nextWaiter
                state.nextWaiter += 1
                state.waiters[number] = Waiter(
                    satisfy: { elements in
                        guard let taken = attempt(&elements) else { return nil }
                        return { continuation.resume(returning: taken) }
                    },
                    fail: { continuation.resume(throwing: $0) }, what: what)
                DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(limit.nanoseconds)) {
                    self.expire(number, limit)
                }
                return nil
            }
            action?()
        }
    }

    /// Waits for the end and takes all that has come and was not taken before.
    func takeUntilEnd(_ what: String, within limit: Duration = .seconds(60)) async throws -> [Element] {
        do {
            let _: Never = try await take(what, within: limit) { _ in nil }
        } catch {
            return try state.withLock { state in
                guard state.ending != nil else { throw error }
                defer { state.elements = [] }
                return state.elements
            }
        }
    }

    private func expire(_ number: Int, _ limit: Duration) {
        let waiter = state.withLock { $0.waiters.removeValue(forKey: number) }
        waiter?.fail(InteropError("waited \(limit) for \(waiter?.what ?? "") in vain"))
    }

    private static func satisfyWaiters(_ state: inout State) -> [Action] {
        var actions: [Action] = []
        for number in state.waiters.keys.sorted() {
            if let action = state.waiters[number]?.satisfy(&state.elements) {
                state.waiters[number] = nil
                actions.append(action)
            }
        }
        return actions
    }
}

extension Duration {
    fileprivate var nanoseconds: Int {
        Int(components.seconds) * 1_000_000_000 + Int(components.attoseconds / 1_000_000_000)
    }
}
