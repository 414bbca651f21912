import Logging
import Metrics
import Multiformats
import NIOCore

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

    /// Counts a TLS handshake that has ended, and tells of one that came to nothing.
    func noteHandshake(_ outcome: TLSHandshakeOutcome, from client: SocketAddress?, because error: (any Error)?) {
        handshakeCounters[outcome]?.increment()
        if let failure = outcome.failure { tell(failure, outcome.rawValue, of: client, because: error) }
    }

    /// Counters of handshakes, by what becomes of them.
    static func makeHandshakeCounters(_ server: String) -> [TLSHandshakeOutcome: Counter] {
        let counters = TLSHandshakeOutcome.allCases.map { outcome in
            let dimensions = [("server", server), ("outcome", outcome.rawValue)]
            return (outcome, Counter(label: "waystation_http_tls_handshakes_total", dimensions: dimensions))
        }
        return Dictionary(uniqueKeysWithValues: counters)
    }

    /// Counts what came instead of a request, or did not come whole in time, and was answered with a bare status.
    func noteRefusal(_ status: Int, of client: SocketAddress?, because error: (any Error)?) {
        countResponse(status)
        tell("a client sent no HTTP request, or not all of one", "\(status)", of: client, because: error)
    }

    /// Anybody can make thousands of these, so the log has them for who looks for one.
    private func tell(_ what: String, _ outcome: String, of client: SocketAddress?, because error: (any Error)?) {
        guard logger.logLevel <= .debug else { return }
        var details: Logger.Metadata = [
            "server": "\(configuration.name)", "client": "\(client?.plainIPAddress?.description ?? "unknown")",
            "outcome": "\(outcome)",
        ]
        details["error"] = error.map { "\($0)" }
        logger.debug("\(what)", metadata: details)
    }

    /// Counts a connection that was not let in.
    static func countRefusal(_ server: String, _ refusal: ConnectionCaps.Refusal) {
        Counter(
            label: "waystation_http_refused_connections_total",
            dimensions: [("server", server), ("reason", refusal.rawValue)]
        ).increment()
    }
}
