import Foundation
import MeasuredNode
import Measuring

extension TLSBench {
    private static let count = 3000
    private static let workers = 16

    /// Full handshakes of TLS 1.3 at our front door and at nginx, in turns, by the same client.
    static func measureHandshakes(_ kind: KeyKind, folder: String, rounds: Int) async throws {
        let certificate = try kind.certificate(in: folder)
        let node = try MeasuredNode.start(
            "tlsbench-\(kind)",
            flags: [
                "--listen", "/ip4/127.0.0.1/tcp/0", "--http", "off", "--admin", "off", "--https", "127.0.0.1:0",
                "--tls-certificate", certificate.chain, "--tls-key", certificate.key, "--allow-private-addresses",
            ])
        defer { node.process.stop() }
        guard let port = try node.place("https").split(separator: ":").last.flatMap({ Int($0) }) else {
            throw BenchmarkError("The node does not say its port.")
        }
        let (nginx, nginxPort) = try Nginx.start(certificate, folder: folder)
        defer { nginx.stop() }
        for visit in Visit.allCases {
            let client = try HandshakeClient(
                trusting: certificate.chain, protocols: visit == .http2 ? ["h2"] : ["http/1.1"],
                isPostQuantum: visit == .postQuantum)
            var (ours, theirs) = ([Handshakes](), [Handshakes]())
            _ = try await run(client, node.process, port, count: 500)
            _ = try await run(client, nginx, nginxPort, count: 500)
            for _ in 0..<rounds {
                ours.append(try await run(client, node.process, port, count: count))
                theirs.append(try await run(client, nginx, nginxPort, count: count))
            }
            title("\(kind.rawValue), \(visit.rawValue)", "waystation", "nginx")
            row("processor for each handshake", "µs", ours.map(\.processor), theirs.map(\.processor))
            row("handshakes", "/s", ours.map(\.perSecond), theirs.map(\.perSecond))
        }
    }

    /// What a client says it wants.
    private enum Visit: String, CaseIterable {
        case http1 = "HTTP/1.1"
        case http2 = "HTTP/2"
        /// Debian's nginx does not know it, and agrees on X25519.
        case postQuantum = "HTTP/1.1, X25519MLKEM768"
    }

    private struct Handshakes {
        let processor: Double
        let perSecond: Double
    }

    private static func run(
        _ client: HandshakeClient, _ server: MeasuredProcess, _ port: Int, count: Int
    ) async throws -> Handshakes {
        let (start, processor) = (microseconds(), server.processorTime)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<workers {
                group.addTask {
                    for _ in 0..<count / workers { try await client.shakeHands(port: port) }
                }
            }
            try await group.waitForAll()
        }
        let time = microseconds() - start
        let made = Double(count / workers * workers)
        return Handshakes(
            processor: (server.processorTime - processor) / made, perSecond: made / time * 1e6)
    }
}
