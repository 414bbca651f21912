import Metrics

extension HTTPServer {
    /// Counts an answer by its class, `2xx` to `5xx`.
    func countResponse(_ status: Int) {
        Counter(
            label: "waystation_http_responses_total",
            dimensions: [("server", configuration.name), ("status", "\(status / 100)xx")]
        ).increment()
    }

    /// Counts a TLS handshake that has ended.
    func countHandshake(_ outcome: HandshakeOutcome) {
        Counter(
            label: "waystation_http_tls_handshakes_total",
            dimensions: [("server", configuration.name), ("outcome", outcome.rawValue)]
        ).increment()
    }

    /// Counts a connection that was not let in.
    static func countRefusal(_ server: String, _ refusal: ConnectionCaps.Refusal) {
        Counter(
            label: "waystation_http_refused_connections_total",
            dimensions: [("server", server), ("reason", refusal.rawValue)]
        ).increment()
    }
}
