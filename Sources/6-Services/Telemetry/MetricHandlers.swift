import CoreMetrics
import Synchronization

/// One series of a counter.
final class CounterSeries: CounterHandler, FloatingPointCounterHandler {
    private let whole = ShardedCounter()
    private let fractional = AtomicDouble()

    /// The count so far.
    var value: Double { Double(whole.value) + fractional.value }

    func increment(by amount: Int64) {
        // A counter never falls: an amount below zero is a caller's slip, and would look like a restart.
        guard amount > 0 else { return }
        whole.add(UInt64(amount))
    }

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        fractional.add(amount)
    }

    func reset() {
        whole.reset()
        fractional.set(0)
    }
}

/// One series of a gauge.
final class GaugeSeries: MeterHandler, RecorderHandler {
    private let current = AtomicDouble()

    /// What was set last.
    var value: Double { current.value }

    func set(_ value: Int64) { current.set(Double(value)) }
    func set(_ value: Double) { current.set(value) }
    func increment(by amount: Double) { current.add(amount) }
    func decrement(by amount: Double) { current.add(-amount) }
    func record(_ value: Int64) { current.set(Double(value)) }
    func record(_ value: Double) { current.set(value) }
}

/// One series of a histogram, of times in seconds or of amounts.
final class HistogramSeries: TimerHandler, RecorderHandler {
    /// The upper ends of the buckets, ascending; one more bucket takes what is above the last.
    let bounds: [Double]
    private let counts = InlineArray<18, Atomic<UInt64>> { _ in Atomic(0) }
    private let total = AtomicDouble()

    /// Times from a quarter of a millisecond (a ping on loopback) to a minute (a slow lookup), in seconds.
    static let secondBounds = [
        0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    /// Amounts by powers of four: 1 to 4¹⁶, which is 4 GiB.
    static let amountBounds = (0...16).map { Double(1 << (2 * $0)) }

    init(bounds: [Double]) {
        self.bounds = bounds
    }

    /// What was recorded: how many in each bucket, and their sum.
    var value: (counts: [UInt64], sum: Double) {
        (counts.indices.map { counts[$0].load(ordering: .relaxed) }, total.value)
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        // Binary search: the first bucket whose upper end is not below the value.
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if bounds[middle] < value { low = middle + 1 } else { high = middle }
        }
        counts[low].wrappingAdd(1, ordering: .relaxed)
        total.add(value)
    }
}

/// A floating-point number that several threads change.
struct AtomicDouble: ~Copyable, Sendable {
    private let bits = Atomic<UInt64>(0)

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    func add(_ amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (exchanged, original) = bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = original
        }
    }
}
