#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Adds up the processor time of this thread; a busy machine does not falsify it much.
struct ProcessorTime {
    private var total: UInt64 = 0

    mutating func measure<Result>(_ body: () throws -> Result) rethrows -> Result {
        let start = Self.now
        defer { total += Self.now - start }
        return try body()
    }

    func micros(per count: Int) -> Double { (Double(total) / Double(count) / 100).rounded() / 10 }
    func nanos(per count: Int) -> Int { Int(total) / count }
    func rate(_ bytes: Int) -> Int { Int(Double(bytes) / 1_048_576 / (Double(total) / 1e9)) }

    private static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
