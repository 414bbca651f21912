/// What a node tells those who watch over it: its metrics and its health.
///
/// The room counts and prints; it opens no port. `metrics` is installed once as the process' swift-metrics backend, so
/// that every part reports through swift-metrics and none imports this room.
public final class Telemetry: Sendable {
    /// All metrics of the process.
    public let metrics: MetricsRegistry

    /// Whether the process is starting, ready or draining.
    public let health: HealthState

    /// Makes telemetry without any metrics, for a node that is starting.
    public init() {
        metrics = MetricsRegistry()
        health = HealthState()
        metrics.observe(ProcessObserver.observe)
    }
}
