/// Sees to it that changes are told soon, once, and never while an earlier change is still being told.
struct PushSchedule {
    private enum State {
        case idle
        case waiting
        case pushing(changedAgain: Bool)
    }

    private var state = State.idle

    /// Something changed.
    ///
    /// - Returns: whether a push is to be scheduled.
    mutating func changed() -> Bool {
        switch state {
        case .idle:
            state = .waiting
            return true
        case .waiting:
            return false
        case .pushing:
            state = .pushing(changedAgain: true)
            return false
        }
    }

    /// The scheduled push begins.
    mutating func began() { state = .pushing(changedAgain: false) }

    /// The push ended.
    ///
    /// - Returns: whether the next one is to be scheduled.
    mutating func ended() -> Bool {
        guard case .pushing(changedAgain: true) = state else {
            state = .idle
            return false
        }
        state = .waiting
        return true
    }
}
