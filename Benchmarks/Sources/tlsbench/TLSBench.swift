import Foundation
import MeasuredNode
import Measuring

/// Measures the front door over TLS: handshakes beside nginx, and libp2p's WebSocket beside the plain front door.
@main
struct TLSBench {
    static func main() async throws {
        var rest = CommandLine.arguments.dropFirst()
        switch rest.popFirst() {
        case "serve":
            try await MeasuredNode.serve(flags: Array(rest))
        case "serve-echo":
            try await EchoNode.serve(flags: Array(rest))
        case "measure":
            let parts = rest.compactMap(Part.init(rawValue:))
            let rounds = rest.compactMap { Int($0) }.first ?? 5
            guard parts.count + (rest.contains { Int($0) != nil } ? 1 : 0) == rest.count else { return usage() }
            let folder = FileManager.default.temporaryDirectory.appending(path: "tlsbench-\(getpid())").path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            for part in parts.isEmpty ? Part.allCases : parts {
                switch part {
                case .handshakes:
                    for kind in KeyKind.allCases { try await measureHandshakes(kind, folder: folder, rounds: rounds) }
                case .echo: try await measureEcho(folder: folder, rounds: rounds)
                }
            }
        default:
            usage()
        }
    }

    private enum Part: String, CaseIterable {
        case handshakes, echo
    }

    private static func usage() {
        say("usage: tlsbench measure [\(Part.allCases.map(\.rawValue).joined(separator: "] ["))] [ROUNDS]")
        exit(64)
    }

    /// Prints a line at once, also into a file.
    static func say(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    static func pad(_ text: String) -> String { text.padding(toLength: 44, withPad: " ", startingAt: 0) }

    /// A row of what two sides did in the same rounds: the middle of each, and all ratios from the lowest to the highest.
    static func row(_ name: String, _ unit: String, _ left: [Double], _ right: [Double], digits: Int = 0) {
        func text(_ values: [Double]) -> String {
            let sorted = values.sorted()
            return String(
                format: "%8.\(digits)f (%.\(digits)f - %.\(digits)f)", sorted[sorted.count / 2], sorted[0],
                sorted[sorted.count - 1])
        }
        let ratios = zip(left, right).map { $0 / $1 }.sorted()
        let ratio = String(format: "%6.2f (%.2f - %.2f)", ratios[ratios.count / 2], ratios[0], ratios[ratios.count - 1])
        say(
            pad(name) + text(left).padding(toLength: 28, withPad: " ", startingAt: 0)
                + text(right).padding(toLength: 28, withPad: " ", startingAt: 0) + ratio + "  " + unit)
    }

    static func title(_ name: String, _ left: String, _ right: String) {
        func column(_ text: String) -> String { text.padding(toLength: 28, withPad: " ", startingAt: 0) }
        say("\n" + pad(name) + column("    \(left)") + column("    \(right)") + "  ratio")
    }
}
