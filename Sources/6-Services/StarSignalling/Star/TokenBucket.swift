import NIOCore

/// A number of tokens that grows steadily up to a bound: pure rules of rates.
struct TokenBucket: Sendable {
    private var tokens: Double
    private var updatedAt: NIODeadline

    /// Makes a full bucket.
    init(capacity: Int, now: NIODeadline) {
        tokens = Double(capacity)
        updatedAt = now
    }

    /// Takes tokens if there is at least one; the others may be owed.
    ///
    /// - Returns: whether there was one.
    mutating func take(_ count: Int, perSecond: Int, capacity: Int, now: NIODeadline) -> Bool {
        refill(perSecond: perSecond, capacity: capacity, now: now)
        guard tokens >= 1 else { return false }
        tokens -= Double(count)
        return true
    }

    /// Whether nothing is missing.
    mutating func isFull(perSecond: Int, capacity: Int, now: NIODeadline) -> Bool {
        refill(perSecond: perSecond, capacity: capacity, now: now)
        return tokens >= Double(capacity)
    }

    private mutating func refill(perSecond: Int, capacity: Int, now: NIODeadline) {
        guard now > updatedAt else { return }
        let seconds = Double((now - updatedAt).nanoseconds) / 1e9
        tokens = min(Double(capacity), tokens + seconds * Double(perSecond))
        updatedAt = now
    }
}
