/// The kinds of metrics that Prometheus knows.
public enum MetricKind: String, Sendable {
    case counter, gauge, histogram
}

/// The labels of one series: names are unique and sorted, so that equal labels are equal values.
struct MetricLabels: Hashable, Sendable {
    let pairs: [Pair]

    struct Pair: Hashable, Sendable {
        let name: String
        let value: String
    }

    /// Takes dimensions as swift-metrics passes them; of a name that is given twice the last one counts.
    init(_ dimensions: [(String, String)]) {
        var values: [String: String] = [:]
        for (name, value) in dimensions {
            values[MetricName.sanitizedLabel(name)] = value
        }
        pairs = values.sorted { $0.key < $1.key }.map { Pair(name: $0.key, value: $0.value) }
    }

    /// The same label names with every value replaced: where series beyond a family's bound are counted together.
    func replacingValues(with value: String) -> MetricLabels {
        MetricLabels(pairs.map { ($0.name, value) })
    }
}

/// All series of one name.
struct MetricFamily {
    /// More series than this are counted in one: a label that takes values from the network must not fill the memory.
    static let seriesLimit = 512

    let kind: MetricKind
    var series: [MetricLabels: any AnyObject & Sendable] = [:]

    /// The series of `labels`, made by `make` when there is none yet.
    mutating func series<Series: AnyObject & Sendable>(_ labels: MetricLabels, make: () -> Series) -> Series {
        if let found = series[labels] as? Series { return found }
        var labels = labels
        if series.count >= Self.seriesLimit {
            labels = labels.replacingValues(with: "other")
            if let found = series[labels] as? Series { return found }
        }
        let made = make()
        series[labels] = made
        return made
    }
}
