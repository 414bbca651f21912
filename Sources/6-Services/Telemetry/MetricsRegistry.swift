public import CoreMetrics
import Synchronization

/// A swift-metrics backend that keeps everything in memory and prints it for Prometheus.
///
/// Names are `waystation_<part>_<what>_<unit>`. The number of series of a name is bounded; what comes after is counted
/// under the label value `other`.
public final class MetricsRegistry: MetricsFactory, Sendable {
    private struct State {
        var families: [String: MetricFamily] = [:]
        var help: [String: String] = [:]
        var observers: [@Sendable (inout MetricsObservations) -> Void] = []
    }

    private let state = Mutex(State())

    /// Makes a registry without metrics.
    public init() {}

    /// Says what the metric `name` means; Prometheus shows it.
    public func describe(_ name: String, _ help: String) {
        state.withLock { $0.help[MetricName.sanitized(name)] = help }
    }

    /// Adds values that are read when a scrape asks, such as the size of a table.
    ///
    /// - Parameter observer: called once for each scrape; it must be quick and must not call the registry.
    public func observe(_ observer: @escaping @Sendable (inout MetricsObservations) -> Void) {
        state.withLock { $0.observers.append(observer) }
    }

    /// All metrics in Prometheus' text format, version 0.0.4.
    public func exposition() -> String {
        let (families, help, observers) = state.withLock { ($0.families, $0.help, $0.observers) }
        var observations = MetricsObservations()
        for observer in observers {
            observer(&observations)
        }
        return Exposition.text(families: families, observations: observations, help: help)
    }

    /// The content type of `exposition()`.
    public static let expositionContentType = "text/plain; version=0.0.4; charset=utf-8"

    // MARK: MetricsFactory

    /// See `MetricsFactory`.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(label, dimensions)
    }

    /// See `MetricsFactory`.
    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        counter(label, dimensions)
    }

    /// See `MetricsFactory`.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(.gauge, label, dimensions) { GaugeSeries() }
    }

    /// See `MetricsFactory`.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return series(.gauge, label, dimensions) { GaugeSeries() } }
        return series(.histogram, label, dimensions) { HistogramSeries(bounds: HistogramSeries.amountBounds) }
    }

    /// See `MetricsFactory`.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(.histogram, label, dimensions) { HistogramSeries(bounds: HistogramSeries.secondBounds) }
    }

    // Prometheus wants a series to live as long as the process, so a handler that is let go keeps its count.
    /// See `MetricsFactory`.
    public func destroyCounter(_ handler: any CounterHandler) {}
    /// See `MetricsFactory`.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    /// See `MetricsFactory`.
    public func destroyMeter(_ handler: any MeterHandler) {}
    /// See `MetricsFactory`.
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    /// See `MetricsFactory`.
    public func destroyTimer(_ handler: any TimerHandler) {}

    private func counter(_ label: String, _ dimensions: [(String, String)]) -> CounterSeries {
        series(.counter, label, dimensions) { CounterSeries() }
    }

    /// The series, or one that is not printed when the name already belongs to another kind of metric: two kinds under
    /// one name would make the whole exposition unreadable.
    private func series<Series: AnyObject & Sendable>(
        _ kind: MetricKind, _ name: String, _ dimensions: [(String, String)], make: () -> Series
    ) -> Series {
        let name = MetricName.sanitized(name)
        let labels = MetricLabels(dimensions)
        return state.withLock { state in
            var family = state.families[name] ?? MetricFamily(kind: kind)
            guard family.kind == kind else { return make() }
            let series = family.series(labels, make: make)
            state.families[name] = family
            return series
        }
    }
}
