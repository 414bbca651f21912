import Foundation
import MeasuredNode
import Measuring
import Neighbourhood

/// Measures the delegate: answers from its cache under load, how soon a streaming client sees its first provider in a
/// network of 50, and what slow clients cost.
@main
struct DelegateBench {
    static func main() async throws {
        var rest = CommandLine.arguments.dropFirst()
        switch rest.popFirst() {
        case "serve":
            try await MeasuredNode.serve(flags: Array(rest))
        case "measure":
            let parts = rest.compactMap(Part.init(rawValue:))
            guard parts.count == rest.count else { return usage() }
            for part in parts.isEmpty ? Part.allCases : parts { try await measure(part) }
        default:
            usage()
        }
    }

    private enum Part: String, CaseIterable {
        case cached, first, slow
    }

    private static func usage() {
        say("usage: delegatebench measure [\(Part.allCases.map(\.rawValue).joined(separator: "] ["))]")
        exit(64)
    }

    private static func measure(_ part: Part) async throws {
        let node = try MeasuredNode.start(
            "delegatebench-\(part)",
            flags: [
                "--listen", "/ip4/127.0.0.1/tcp/0", "--http", "127.0.0.1:0", "--admin", "off",
                "--allow-private-addresses", "--limits-http-connections", "16384",
            ])
        defer { node.process.stop() }
        let network = try await Network.join(node, count: 49)
        switch part {
        case .cached: try await measureCached(network)
        case .first: try await measureFirst(network, count: 200)
        case .slow: try await measureSlow(network, clients: 1_000)
        }
        await network.leave()
    }

    /// Prints a line at once, also into a file.
    static func say(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    static func row(_ name: String, _ value: Double, _ unit: String, digits: Int = 0) {
        say(
            "  " + name.padding(toLength: 52, withPad: " ", startingAt: 0) + String(format: "%12.\(digits)f ", value)
                + unit)
    }
}
