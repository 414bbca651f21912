/// Values that were read for one scrape.
public struct MetricsObservations: Sendable {
    struct Observation: Sendable {
        let labels: MetricLabels
        let value: Double
    }

    struct Family: Sendable {
        let kind: MetricKind
        let help: String
        var values: [Observation]
    }

    private(set) var families: [String: Family] = [:]

    /// Adds a value that rises and falls.
    public mutating func gauge(_ name: String, _ value: Double, labels: [(String, String)] = [], help: String) {
        add(.gauge, name, value, labels, help)
    }

    /// Adds a value that only rises.
    public mutating func counter(_ name: String, _ value: Double, labels: [(String, String)] = [], help: String) {
        add(.counter, name, value, labels, help)
    }

    private mutating func add(
        _ kind: MetricKind, _ name: String, _ value: Double, _ labels: [(String, String)], _ help: String
    ) {
        let name = MetricName.sanitized(name)
        var family = families[name] ?? Family(kind: kind, help: help, values: [])
        let labels = MetricLabels(labels)
        guard family.kind == kind, family.values.count < MetricFamily.seriesLimit,
            !family.values.contains(where: { $0.labels == labels })
        else { return }
        family.values.append(Observation(labels: labels, value: value))
        families[name] = family
    }
}
