import Foundation
import Testing

extension RealPeers {
    /// Certificates that are replaced while the front door is busy.
    @Suite(.timeLimit(.minutes(3)))
    struct CertificateReplacementTests {
        /// `wrk` on connections that stay, and on a new one for each request, while certificates with keys of both kinds take
        /// turns.
        @Test func noRequestFailsMeanwhile() async throws {
            try await Lab.open { lab in
                let served = try await lab.certificate(for: "localhost")
                let others = [
                    try await lab.certificate(for: "localhost"),
                    try await lab.certificate(for: "localhost", key: "rsa:2048"),
                    try await lab.certificate(for: "localhost"),
                ]
                let node = try await lab.node(
                    ["--https", "127.0.0.1:0", "--domain", "localhost"] + served.flags)
                let url = try #require(node.https).replacing("127.0.0.1", with: "localhost") + "/"
                let loads = [try await WebLoad(lab, url), try await WebLoad(lab, url, isReconnecting: true)]
                try await eventually("the load is under way") {
                    try await lab.handshakes("completed", at: node) > 50 ? true : nil
                }
                for round in 0..<3 * others.count {
                    try others[round % others.count].replace(served)
                    try await node.hangUp(until: "certificates were replaced")
                    await pause(.milliseconds(300))
                }
                // Before the load ends: then it drops what it has begun.
                #expect(try await lab.handshakes("failed", at: node) == 0)
                for load in loads {
                    let requests = try await load.stop()
                    #expect(requests > 100)
                }
                let last = others[others.count - 1]
                let answer = try await lab.run("curl", "--silent", "--fail", "--cacert", last.chain, url)
                #expect(answer.status == 0)
            }
        }
    }
}

/// `wrk` at work until it is stopped.
private struct WebLoad {
    private let process: ChildProcess

    /// - Parameter isReconnecting: whether each request comes on a connection of its own.
    init(_ lab: Lab, _ url: String, isReconnecting: Bool = false) async throws {
        var arguments = ["--threads", "1", "--connections", "8", "--duration", "120s", "--timeout", "60s"]
        if isReconnecting { arguments += ["--header", "Connection: close"] }
        process = try await lab.start(name: "wrk", URL(filePath: "/usr/bin/wrk"), arguments + [url])
    }

    /// Ends it, and tells how many requests were answered.
    ///
    /// - Throws: when any failed.
    func stop() async throws -> Int {
        process.signal(SIGINT)
        let status = try await process.status(within: .seconds(60))
        let output = try await process.output.takeUntilEnd("wrk's report")
        let line = output.first { $0.contains(" requests in ") }
        guard status == 0, !output.contains(where: { $0.contains("Socket errors") || $0.contains("Non-2xx") }),
            let count = line?.split(separator: " ").first.flatMap({ Int($0) })
        else { throw InteropError("wrk failed with \(status): \(output.joined(separator: "\n"))") }
        return count
    }
}

extension Lab {
    /// How many TLS handshakes of the front door ended in a way.
    fileprivate func handshakes(_ outcome: String, at node: NodeProcess) async throws -> Int {
        let metrics = try await HTTPAnswer.get(node.admin, "/metrics").body
        let line = metrics.split(separator: "\n").first {
            $0.hasPrefix("waystation_http_tls_handshakes_total{") && $0.contains("\"\(outcome)\"")
        }
        return line?.split(separator: " ").last.flatMap { Int($0) } ?? 0
    }
}
