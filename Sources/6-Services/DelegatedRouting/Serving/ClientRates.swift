public import Multiformats
public import NIOCore
import Synchronization

/// How many requests each client may make: so many a second over time, and some at once.
public final class ClientRates: Sendable {
    private struct Bucket {
        var tokens: Double
        var updated: NIODeadline
    }

    /// Addresses that are remembered; more are let through unless the node is flooded from as many.
    private static let capacity = 65_536

    private let perSecond: Double
    private let burst: Double
    private let isSpared: @Sendable (IPAddress) -> Bool
    private let buckets = Mutex<[IPAddress: Bucket]>([:])

    /// Declares rates.
    ///
    /// - Parameters:
    ///   - perSecond: requests a second; 0 for any number.
    ///   - burst: requests at once, after a pause.
    ///   - isSpared: addresses that may ask as often as they like.
    public init(perSecond: Int, burst: Int, isSpared: @escaping @Sendable (IPAddress) -> Bool = { _ in false }) {
        self.perSecond = Double(perSecond)
        self.burst = Double(max(1, burst))
        self.isSpared = isSpared
    }

    /// Takes one request of a client.
    ///
    /// - Returns: nil when it may be made; otherwise the seconds after which the next one may, rounded up.
    public func take(_ client: IPAddress?, now: NIODeadline) -> Int? {
        guard perSecond > 0, let client, !isSpared(client) else { return nil }
        return buckets.withLock { buckets in
            var bucket = buckets[client.customer] ?? Bucket(tokens: burst, updated: now)
            let passed = Double(max(0, (now - bucket.updated).nanoseconds)) / 1e9
            bucket.tokens = min(burst, bucket.tokens + passed * perSecond)
            bucket.updated = now
            let isAllowed = bucket.tokens >= 1
            if isAllowed { bucket.tokens -= 1 }
            if buckets[client.customer] == nil, buckets.count >= Self.capacity { forgetRested(&buckets, now) }
            buckets[client.customer] = bucket
            return isAllowed ? nil : max(1, Int(((1 - bucket.tokens) / perSecond).rounded(.up)))
        }
    }

    /// Forgets those whose bucket is full again, and all when there are none: rather no limit for a moment than no end
    /// of memory.
    private func forgetRested(_ buckets: inout [IPAddress: Bucket], _ now: NIODeadline) {
        buckets = buckets.filter { bucket in
            let passed = Double(max(0, (now - bucket.value.updated).nanoseconds)) / 1e9
            return bucket.value.tokens + passed * perSecond < burst
        }
        if buckets.count >= Self.capacity { buckets = [:] }
    }
}
