import LibP2PCore
import NIOCore

/// What moves the clock. All of it runs in the calling thread, which drives the loop from then on.
extension SimulatedLoop {
    /// So many pieces of work at one instant are a circle: real work takes time.
    private static let circleLimit = 20_000_000

    /// Runs what is due now, and what that sets off, without moving the clock.
    public func runDue() {
        takeOver()
        runDue { false }
    }

    /// Moves the clock on, running what becomes due on the way.
    public func advance(by duration: Duration) {
        takeOver()
        let end = now + TimeAmount(duration)
        _ = run(to: end) { false }
        setTime(end)
    }

    /// Runs until nothing is left to do, however far the clock must move.
    ///
    /// - Parameter limit: the most simulated time to go; repeating timers never end by themselves.
    /// - Returns: false when the limit was reached.
    @discardableResult
    public func runUntilIdle(atMost limit: Duration = .seconds(3600)) -> Bool {
        takeOver()
        let end = now + TimeAmount(limit)
        while true {
            runDue { false }
            guard let next = nextDeadline else { return true }
            guard next <= end else { return false }
            setTime(next)
        }
    }

    /// Runs until a condition holds; it is looked at after each piece of work.
    ///
    /// - Parameter limit: the most simulated time to go.
    /// - Returns: false when the limit was reached, or nothing was left to do, before the condition held.
    @discardableResult
    public func run(until condition: () -> Bool, atMost limit: Duration = .seconds(3600)) -> Bool {
        takeOver()
        return run(to: now + TimeAmount(limit), until: condition)
    }

    private func run(to end: NIODeadline, until condition: () -> Bool) -> Bool {
        while true {
            if condition() || runDue(until: condition) { return true }
            guard let next = nextDeadline, next <= end else { break }
            setTime(next)
        }
        return condition()
    }

    @discardableResult
    private func runDue(until condition: () -> Bool) -> Bool {
        var count = 0
        while let work = nextReady() {
            work()
            if condition() { return true }
            count += 1
            precondition(count < Self.circleLimit, "The simulation runs in a circle at \(now).")
        }
        return false
    }
}
