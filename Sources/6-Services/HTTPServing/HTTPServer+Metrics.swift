import Metrics

extension HTTPServer {
    /// Counts an answer by its class, `2xx` to `5xx`.
    func countResponse(_ status: Int) { responseCounters[status / 100]?.increment() }

    /// Counters of answers, by the first digit of the status.
    static func makeResponseCounters(_ server: String) -> [Int: Counter] {
        let counters = (1...5).map { digit in
            let dimensions = [("server", server), ("status", "\(digit)xx")]
            return (digit, Counter(label: "waystation_http_responses_total", dimensions: dimensions))
        }
        return Dictionary(uniqueKeysWithValues: counters)
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
