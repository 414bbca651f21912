import Foundation
import Logging
import Measuring
import WaystationNode

extension StarBench {
    /// Runs a node as `waystation run` does, until the process is ended.
    ///
    /// A command of this program, so that one release build serves both sides of the measurement.
    static func serve(flags: [String]) async throws {
        let read: @Sendable () throws -> NodeConfiguration = {
            try NodeConfiguration(ResolvedSettings(flags: flags, environment: [:]), environment: [:])
        }
        var logger = Logger(label: "starbench")
        logger.logLevel = .critical
        try await NodeProcess.run(try read(), logger: logger, reload: read) { status in
            status.plainLines.forEach(say)
        }
    }

    /// A server in a process of its own, and its URL.
    static func startServer(peers: Int) throws -> (MeasuredProcess, String) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "starbench-\(getpid())-\(peers)").path
        return try MeasuredProcess.start(
            "waystation", CommandLine.arguments[0],
            [
                "serve", "--plain", "--data-dir", folder, "--listen", "/ip4/127.0.0.1/tcp/0", "--http", "127.0.0.1:0",
                "--admin", "off", "--allow-private-addresses", "--star-max-events", "0",
            ],
            parse: { text in
                guard text.contains("\nready") else { return nil }
                let line = text.split(separator: "\n").first { $0.hasPrefix("http ") }
                return line.map { String($0.dropFirst("http ".count)) }
            })
    }
}
