import LibP2PCore
import NIOCore

/// What one direction of a circuit may carry, by bytes and by rate: pure rules.
struct LaneBudget: Sendable {
    /// How many bytes may go on now.
    enum Allowance: Equatable {
        /// At most so many.
        case now(Int)
        /// None before this time.
        case later(NIODeadline)
        /// No more at all.
        case spent
    }

    private var remaining: UInt64?
    private var bucket: TokenBucket?

    /// Begins with all that the bounds allow.
    init(_ bounds: CircuitBounds, now: NIODeadline) {
        remaining = bounds.bytes > 0 ? bounds.bytes : nil
        guard bounds.bytesPerSecond > 0 else { return }
        bucket = TokenBucket(
            perSecond: bounds.bytesPerSecond, capacity: max(bounds.burst, bounds.bytesPerSecond / 10), now: now)
    }

    /// How many bytes may go on.
    ///
    /// - Parameter now: asked for only where there is a rate.
    mutating func allowance(now: @autoclosure () -> NIODeadline) -> Allowance {
        if remaining == 0 { return .spent }
        let most = remaining.map { Int(clamping: $0) } ?? .max
        guard var bucket else { return .now(most) }
        let tokens = bucket.available(now: now())
        self.bucket = bucket
        guard tokens > 0 else {
            // Not byte by byte: a twentieth of a second's worth at a time.
            return .later(bucket.time(of: max(1, bucket.perSecond / 20)))
        }
        return .now(min(most, tokens))
    }

    /// Notes bytes that went on.
    mutating func spend(_ count: Int) {
        if let left = remaining { remaining = left > UInt64(count) ? left - UInt64(count) : 0 }
        bucket?.take(count)
    }
}
