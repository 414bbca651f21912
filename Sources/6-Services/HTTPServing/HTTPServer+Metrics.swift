import Metrics

extension HTTPServer {
    /// Counts an answer by its class, `2xx` to `5xx`.
    func countResponse(_ status: Int) {
        Counter(
            label: "waystation_http_responses_total",
            dimensions: [("server", configuration.name), ("status", "\(status / 100)xx")]
        ).increment()
    }

    /// Counts a connection that was not let in.
    static func countRefusal(_ server: String, _ refusal: ConnectionCensus.Refusal) {
        Counter(
            label: "waystation_http_refused_connections_total",
            dimensions: [("server", server), ("reason", refusal.rawValue)]
        ).increment()
    }
}
