import CoreMetrics
import Testing

@testable import Telemetry

@Suite("What is counted is printed for Prometheus")
struct MetricsRegistryTests {
    let registry = MetricsRegistry()

    @Test("counters of one name are separate by label and sorted")
    func counters() {
        registry.describe("waystation_host_dials_total", "Dials, by result.")
        registry.makeCounter(label: "waystation_host_dials_total", dimensions: [("result", "ok")]).increment(by: 2)
        registry.makeCounter(label: "waystation_host_dials_total", dimensions: [("result", "failed")]).increment(by: 1)
        registry.makeCounter(label: "waystation_host_dials_total", dimensions: [("result", "ok")]).increment(by: 3)
        #expect(
            registry.exposition() == """
                # HELP waystation_host_dials_total Dials, by result.
                # TYPE waystation_host_dials_total counter
                waystation_host_dials_total{result="failed"} 1
                waystation_host_dials_total{result="ok"} 5

                """)
    }

    @Test("a counter never falls, and adds fractions")
    func counterRules() {
        let counter = registry.makeFloatingPointCounter(label: "seconds_total", dimensions: [])
        counter.increment(by: 0.5)
        counter.increment(by: -3)
        counter.increment(by: .nan)
        registry.makeCounter(label: "seconds_total", dimensions: []).increment(by: 1)
        #expect(registry.exposition() == "# TYPE seconds_total counter\nseconds_total 1.5\n")
    }

    @Test("a gauge shows what was set last")
    func gauges() {
        let meter = registry.makeMeter(label: "open", dimensions: [])
        meter.set(10 as Int64)
        meter.increment(by: 2.5)
        meter.decrement(by: 1)
        registry.makeRecorder(label: "size", dimensions: [], aggregate: false).record(7 as Int64)
        #expect(registry.exposition() == "# TYPE open gauge\nopen 11.5\n# TYPE size gauge\nsize 7\n")
    }

    @Test("a timer's buckets are cumulative and end at infinity")
    func histograms() throws {
        let timer = registry.makeTimer(label: "lookup_seconds", dimensions: [("kind", "get")])
        timer.recordNanoseconds(1_000_000)
        timer.recordNanoseconds(1_000_001)
        timer.recordNanoseconds(120_000_000_000)
        let lines = registry.exposition().split(separator: "\n").map(String.init)
        #expect(lines.first == "# TYPE lookup_seconds histogram")
        // A bound belongs to its bucket: le is «less or equal».
        #expect(lines.contains(#"lookup_seconds_bucket{kind="get",le="0.001"} 1"#))
        #expect(lines.contains(#"lookup_seconds_bucket{kind="get",le="0.0025"} 2"#))
        #expect(lines.contains(#"lookup_seconds_bucket{kind="get",le="60"} 2"#))
        #expect(lines.contains(#"lookup_seconds_bucket{kind="get",le="+Inf"} 3"#))
        #expect(lines.contains(#"lookup_seconds_count{kind="get"} 3"#))
        let sum = try #require(lines.first { $0.hasPrefix("lookup_seconds_sum") }?.split(separator: " ").last)
        #expect(abs((Double(sum) ?? 0) - 120.002) < 0.001)
    }

    @Test("both lists of bounds fill the buckets, ascending")
    func bounds() {
        for bounds in [HistogramSeries.secondBounds, HistogramSeries.amountBounds] {
            #expect(bounds == bounds.sorted())
            #expect(HistogramSeries(bounds: bounds).value.counts.count == bounds.count + 1)
        }
    }

    @Test("names and label values that Prometheus does not allow are made to fit")
    func escaping() {
        registry.makeCounter(label: "2xx-answers", dimensions: [("peer agent", "a\"b\\c\nd"), ("__x", "1")])
            .increment(by: 1)
        #expect(
            registry.exposition()
                == "# TYPE _2xx_answers counter\n"
                + #"_2xx_answers{label__x="1",peer_agent="a\"b\\c\nd"} 1"# + "\n")
    }

    @Test("more series than the bound are counted as other")
    func cardinality() {
        for index in 0..<(MetricFamily.seriesLimit + 40) {
            registry.makeCounter(label: "agents_total", dimensions: [("agent", "a\(index)")]).increment(by: 1)
        }
        let lines = registry.exposition().split(separator: "\n")
        #expect(lines.count == MetricFamily.seriesLimit + 2)
        #expect(lines.contains(#"agents_total{agent="other"} 40"#))
    }

    @Test("a name that belongs to another kind is not printed twice")
    func kindClash() {
        registry.makeCounter(label: "clash", dimensions: []).increment(by: 1)
        registry.makeMeter(label: "clash", dimensions: []).set(9 as Int64)
        registry.observe { $0.gauge("clash", 4, help: "no") }
        #expect(registry.exposition() == "# TYPE clash counter\nclash 1\n")
    }

    @Test("observed values are read at each scrape")
    func observations() {
        let size = CounterSeries()
        registry.observe { $0.gauge("table_entries", size.value, labels: [("table", "peers")], help: "Entries.") }
        size.increment(by: 3 as Int64)
        #expect(
            registry.exposition()
                == "# HELP table_entries Entries.\n# TYPE table_entries gauge\ntable_entries{table=\"peers\"} 3\n")
    }

    @Test("many threads lose no count")
    func concurrency() async {
        let counter = CounterSeries()
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10_000 {
                        counter.increment(by: 1 as Int64)
                        counter.increment(by: 0.5)
                    }
                }
            }
        }
        #expect(counter.value == 120_000)
    }

    @Test("numbers are written as Prometheus reads them")
    func numbers() {
        #expect(Exposition.number(.infinity) == "+Inf")
        #expect(Exposition.number(-.infinity) == "-Inf")
        #expect(Exposition.number(.nan) == "NaN")
        #expect(Exposition.number(0) == "0")
        #expect(Exposition.number(0.1) == "0.1")
    }
}
