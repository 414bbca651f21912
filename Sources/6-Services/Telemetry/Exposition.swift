/// Prometheus' text format, version 0.0.4.
enum Exposition {
    /// All families by name, each with its help and type lines; their series are sorted, so that equal states are equal
    /// texts.
    static func text(
        families: [String: MetricFamily], observations: MetricsObservations, help: [String: String]
    ) -> String {
        var blocks: [String: String] = [:]
        for (name, family) in families {
            var block = header(name, family.kind, help[name])
            for (labels, series) in sorted(family.series) {
                write(name, labels, series, to: &block)
            }
            blocks[name] = block
        }
        // A name that is both counted and observed is printed once: as it is counted.
        for (name, family) in observations.families where blocks[name] == nil {
            var block = header(name, family.kind, family.help)
            for value in family.values {
                sample(name, value.labels, value.value, to: &block)
            }
            blocks[name] = block
        }
        return blocks.sorted { $0.key < $1.key }.map(\.value).joined()
    }

    private static func header(_ name: String, _ kind: MetricKind, _ help: String?) -> String {
        let help = help.map { "# HELP \(name) \(MetricName.escapedHelp($0))\n" } ?? ""
        return help + "# TYPE \(name) \(kind.rawValue)\n"
    }

    private static func sorted<Series>(_ series: [MetricLabels: Series]) -> [(MetricLabels, Series)] {
        series.sorted { left, right in
            left.key.pairs.lexicographicallyPrecedes(right.key.pairs) { ($0.name, $0.value) < ($1.name, $1.value) }
        }
    }

    private static func write(_ name: String, _ labels: MetricLabels, _ series: AnyObject, to block: inout String) {
        switch series {
        case let counter as CounterSeries: sample(name, labels, counter.value, to: &block)
        case let gauge as GaugeSeries: sample(name, labels, gauge.value, to: &block)
        case let histogram as HistogramSeries: write(name, labels, histogram, to: &block)
        default: break
        }
    }

    private static func write(
        _ name: String, _ labels: MetricLabels, _ histogram: HistogramSeries, to block: inout String
    ) {
        let (counts, sum) = histogram.value
        var cumulative: UInt64 = 0
        for (bound, count) in zip(histogram.bounds + [.infinity], counts) {
            cumulative &+= count
            sample(name + "_bucket", labels, Double(cumulative), extra: ("le", number(bound)), to: &block)
        }
        sample(name + "_sum", labels, sum, to: &block)
        sample(name + "_count", labels, Double(cumulative), to: &block)
    }

    private static func sample(
        _ name: String, _ labels: MetricLabels, _ value: Double, extra: (String, String)? = nil, to block: inout String
    ) {
        var pairs = labels.pairs.map { "\($0.name)=\"\(MetricName.escapedValue($0.value))\"" }
        if let extra { pairs.append("\(extra.0)=\"\(extra.1)\"") }
        let labels = pairs.isEmpty ? "" : "{" + pairs.joined(separator: ",") + "}"
        block += "\(name)\(labels) \(number(value))\n"
    }

    /// A number as Prometheus reads it: whole numbers without a fraction, infinities and NaN by name.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return String(value)
    }
}
