#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A point in time of the world's clock, for what outlives the process or is told to others: record expiry, certificate
/// validity. Intervals within the process are measured by the loop's own clock.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Nanoseconds since 1970-01-01 00:00 UTC.
    public let nanoseconds: Int64

    /// Makes a time from nanoseconds since 1970-01-01 00:00 UTC.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Makes a time from whole seconds since 1970-01-01 00:00 UTC, held within what can be represented.
    public init(seconds: Int64) {
        let (value, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        nanoseconds = overflow ? (seconds < 0 ? .min : .max) : value
    }

    /// Whole seconds since 1970-01-01 00:00 UTC.
    public var seconds: Int64 { nanoseconds / 1_000_000_000 }

    /// The earlier one is the smaller one.
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The time later by `interval`, held within what can be represented.
    public static func + (time: Timestamp, interval: Duration) -> Timestamp {
        let (sum, overflow) = time.nanoseconds.addingReportingOverflow(interval.nanoseconds)
        return Timestamp(nanoseconds: overflow ? (interval < .zero ? .min : .max) : sum)
    }

    /// The time earlier by `interval`, held within what can be represented.
    public static func - (time: Timestamp, interval: Duration) -> Timestamp { time + (.zero - interval) }

    /// How much later `left` is than `right`.
    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        .nanoseconds(left.nanoseconds.subtractingReportingOverflow(right.nanoseconds).partialValue)
    }
}

/// Tells the time of the world. Passed in, so that tests and simulations set it.
public struct WallClock: Sendable {
    private let read: @Sendable () -> Timestamp

    /// Makes a clock from a function.
    public init(_ read: @escaping @Sendable () -> Timestamp) { self.read = read }

    /// The time now.
    public var now: Timestamp { read() }

    /// The operating system's clock.
    public static let system = WallClock {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}

extension Duration {
    /// The whole duration in nanoseconds, held within what 64 bits represent (292 years).
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, carried) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carried ? (seconds < 0 ? .min : .max) : sum
    }
}
