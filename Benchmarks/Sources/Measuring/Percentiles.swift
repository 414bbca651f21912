/// Times in microseconds at two points of their distribution.
package struct Percentiles: Sendable {
    package let p50: Double
    package let p99: Double

    package init(_ times: [Double]) {
        let sorted = times.sorted()
        p50 = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
        p99 = sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, sorted.count * 99 / 100)]
    }
}
