import Foundation
import LibP2PCore
import Logging
import Measuring
import Multiformats
import NIOCore
import WaystationNode

/// Our node with a protocol that sends back what comes.
struct EchoNode {
    let process: MeasuredProcess
    /// Its front door without and with TLS.
    let plain: Multiaddr
    let secure: Multiaddr

    static let protocolID: ProtocolID = "/tlsbench/echo"

    static func start(_ certificate: (chain: String, key: String), folder: String) throws -> EchoNode {
        let (process, addresses) = try MeasuredProcess.start(
            "waystation", CommandLine.arguments[0],
            [
                "serve-echo", "--plain", "--data-dir", "\(folder)/echo", "--listen", "/ip4/127.0.0.1/tcp/0", "--http",
                "127.0.0.1:0", "--admin", "off", "--https", "127.0.0.1:0", "--tls-certificate", certificate.chain,
                "--tls-key", certificate.key, "--allow-private-addresses",
            ],
            parse: { text -> [Multiaddr]? in
                guard text.contains("\nready") else { return nil }
                return text.split(separator: "\n").compactMap { try? Multiaddr($0.dropFirst("listening ".count)) }
            })
        func find(_ path: String) throws -> Multiaddr {
            guard let address = addresses.first(where: { $0.description.contains(path) }) else {
                throw BenchmarkError("The node does not listen on \(path).")
            }
            return address
        }
        let secure = try find("/tls/ws/")
        guard let plain = addresses.first(where: { $0 != secure && $0.description.contains("/ws/") }) else {
            throw BenchmarkError("The node has no plain front door.")
        }
        return EchoNode(process: process, plain: plain, secure: secure)
    }

    /// Runs such a node until the process is ended: a command of this program.
    static func serve(flags: [String]) async throws {
        let configuration = try NodeConfiguration(ResolvedSettings(flags: flags, environment: [:]), environment: [:])
        var logger = Logger(label: "benchmark")
        logger.logLevel = .critical
        let node = try await Node.start(configuration, logger: logger)
        node.host.serve(Echo())
        for address in node.listenAddresses { TLSBench.say("listening \(address)") }
        TLSBench.say("ready")
        while true { try await node.host.home.sleep(for: .seconds(3600)) }
    }
}

/// Sends back what comes.
private struct Echo: StreamHandler {
    let protocols = [EchoNode.protocolID]
    let limits = StreamLimits()

    func handle(_ stream: LibP2PCore.Stream) async throws {
        while let bytes = try await stream.read() { try await stream.write(bytes) }
    }
}
