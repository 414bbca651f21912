import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A counter that many threads increase at once without fighting over one cache line.
///
/// Each thread adds to its shard; reading sums them up. Reading is rare (a scrape), adding is on hot paths.
struct ShardedCounter: ~Copyable, Sendable {
    /// A count with a cache line of its own.
    private struct Shard: ~Copyable {
        let count = Atomic<UInt64>(0)
        private let padding: InlineArray<7, UInt64> = .init(repeating: 0)
    }

    /// Enough that the loops of a large machine rarely meet; a power of two.
    private static let shardCount = 8

    private let shards = InlineArray<8, Shard> { _ in Shard() }

    /// Adds `amount`; the sum wraps after 2⁶⁴, as Prometheus expects of a counter that restarts.
    func add(_ amount: UInt64) {
        shards[Self.shardOfThread].count.wrappingAdd(amount, ordering: .relaxed)
    }

    /// The sum over all threads.
    var value: UInt64 {
        var sum: UInt64 = 0
        for index in shards.indices {
            sum &+= shards[index].count.load(ordering: .relaxed)
        }
        return sum
    }

    /// Starts again from 0.
    func reset() {
        for index in shards.indices {
            shards[index].count.store(0, ordering: .relaxed)
        }
    }

    /// Thread descriptors lie at the same offset of large stacks, so only higher bits of the address tell them apart.
    private static var shardOfThread: Int {
        #if canImport(Glibc)
            let address = UInt(pthread_self())
        #else
            let address = UInt(bitPattern: pthread_self())
        #endif
        return Int(truncatingIfNeeded: (address &* 0x9E37_79B9_7F4A_7C15) >> 60) & (shardCount - 1)
    }
}
