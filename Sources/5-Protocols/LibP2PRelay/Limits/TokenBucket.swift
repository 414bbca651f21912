import LibP2PCore
import NIOCore

/// A number of tokens that grows steadily up to a bound: pure rules of rates.
struct TokenBucket: Sendable {
    /// Tokens that come in a second.
    let perSecond: Int
    /// The most tokens there can be.
    let capacity: Int

    private var tokens: Double
    private var updatedAt: NIODeadline

    /// Makes a full bucket.
    init(perSecond: Int, capacity: Int, now: NIODeadline) {
        self.perSecond = max(1, perSecond)
        self.capacity = max(1, capacity)
        tokens = Double(self.capacity)
        updatedAt = now
    }

    /// The whole tokens that are there.
    mutating func available(now: NIODeadline) -> Int {
        let seconds = Double(max(0, (now - updatedAt).nanoseconds)) / 1e9
        tokens = min(Double(capacity), tokens + seconds * Double(perSecond))
        updatedAt = max(updatedAt, now)
        return max(0, Int(tokens))
    }

    /// Takes tokens. They may be more than there are: then the next ones come later.
    mutating func take(_ count: Int) { tokens -= Double(count) }

    /// When so many tokens are there, or the bucket is full, if nothing is taken before.
    func time(of count: Int) -> NIODeadline {
        let missing = Double(min(count, capacity)) - tokens
        guard missing > 0 else { return updatedAt }
        let seconds = missing / Double(perSecond)
        // Rounded up, so that the tokens are there when the time has come; a year is as good as never.
        return updatedAt + .nanoseconds(Int64(min(seconds * 1e9, 3.2e16)) + 1)
    }
}
