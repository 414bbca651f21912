import Foundation
import Logging
package import Measuring
import WaystationNode

/// Our node as a server under measurement: the benchmark's own program, told to be one, so that one release build serves
/// both sides of the measurement.
package struct MeasuredNode: Sendable {
    /// Its process.
    package let process: MeasuredProcess
    private let lines: [String]

    /// Starts `waystation run` with these flags, and waits until it is ready. The benchmark's `main` must hand its
    /// command `serve` to ``serve(flags:)``.
    package static func start(_ name: String, flags: [String]) throws -> MeasuredNode {
        let folder = FileManager.default.temporaryDirectory.appending(path: "\(name)-\(getpid())").path
        let (process, lines) = try MeasuredProcess.start(
            "waystation", CommandLine.arguments[0], ["serve", "--plain", "--data-dir", folder] + flags,
            parse: { text in
                let lines = text.split(separator: "\n").map(String.init)
                return lines.contains("ready") ? lines : nil
            })
        return MeasuredNode(process: process, lines: lines)
    }

    /// Where it listens, as it printed it, for example the first line that begins with `http `.
    package func place(_ word: String) throws -> String {
        guard let line = lines.first(where: { $0.hasPrefix(word + " ") }) else {
            throw BenchmarkError("The node printed no line that begins with \(word).")
        }
        return String(line.dropFirst(word.count + 1))
    }

    /// Runs a node as `waystation run` does, until the process is ended.
    package static func serve(flags: [String]) async throws {
        let read: @Sendable () throws -> NodeConfiguration = {
            try NodeConfiguration(ResolvedSettings(flags: flags, environment: [:]), environment: [:])
        }
        var logger = Logger(label: "benchmark")
        logger.logLevel = .critical
        try await NodeProcess.run(try read(), logger: logger, reload: read) { status in
            FileHandle.standardOutput.write(Data((status.plainLines.joined(separator: "\n") + "\n").utf8))
        }
    }
}
