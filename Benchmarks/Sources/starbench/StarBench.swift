import Foundation
import MeasuredNode
import Measuring

/// Measures the star: a load of peers in this process, the server in another.
@main
struct StarBench {
    static func main() async throws {
        var rest = CommandLine.arguments.dropFirst()
        switch rest.popFirst() {
        case "serve":
            try await MeasuredNode.serve(flags: Array(rest))
        case "compare":
            for peers in counts(rest) {
                let node = try MeasuredNode.start(
                    "starbench-\(peers)",
                    flags: [
                        "--listen", "/ip4/127.0.0.1/tcp/0", "--http", "127.0.0.1:0", "--admin", "off",
                        "--allow-private-addresses", "--star-max-events", "0",
                    ])
                defer { node.process.stop() }
                try report(try measure(node.process, try StarEndpoint(node.place("http")), peers: peers), peers: peers)
            }
        case "measure":
            guard let url = rest.popFirst(), let identifier = rest.popFirst().flatMap({ Int32($0) }) else {
                return usage()
            }
            let server = MeasuredProcess(identifier: identifier)
            for peers in counts(rest) {
                try report(try measure(server, try StarEndpoint(url), peers: peers), peers: peers)
            }
        default:
            usage()
        }
    }

    private static func usage() {
        say("usage: starbench compare [PEERS]...                 our node, with 200, 1000, 5000 and 10000 peers")
        say("       starbench measure http://HOST:PORT PID [PEERS]...   a server that runs already")
        exit(64)
    }

    private static func counts(_ arguments: ArraySlice<String>) -> [Int] {
        let counts = arguments.compactMap { Int($0) }
        return counts.isEmpty ? [200, 1000, 5000, 10_000] : counts
    }

    /// Prints a line at once, also into a file.
    static func say(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    private static func report(_ figures: StarFigures, peers: Int) throws {
        say("\(peers) peers")
        for (name, value) in figures.lines {
            say("  \(name.padding(toLength: 52, withPad: " ", startingAt: 0))\(value)")
        }
    }
}
