import Foundation
import Testing

extension RealPeers {
    /// The commands of the guide do what it says: its blocks marked `run` are run in order, those marked `node` are started
    /// and stay. Ports are the only thing that is changed in them.
    @Suite(.timeLimit(.minutes(3)))
    struct GuideTests {
        @Test(arguments: ["joining-the-network.md", "relay.md", "star.md", "delegate.md", "tls.md"])
        func commandsOfTheGuide(page: String) async throws {
            try await Lab.open { lab in
                let blocks = try GuideBlock.blocks(of: lab.tools.guidePage(page))
                #expect(blocks.count >= 8, "blocks that are run")
                let paths = lab.tools.waystation.deletingLastPathComponent().path
                let environment = [
                    "PATH": "\(paths):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")",
                    "HOME": lab.folder.path,
                    "PYTHONPATH": page == "star.md" ? lab.tools.socketIO(5) : "",
                ]
                for (number, block) in blocks.enumerated() {
                    let script = lab.folder.appending(path: "block-\(number)")
                    try Data(block.text.utf8).write(to: script)
                    let command: String
                    switch block.language {
                    case "python": command = ". ./addresses; export A; exec \(lab.tools.python.path) \(script.path)"
                    default: command = "exec bash -euo pipefail \(script.path)"
                    }
                    let process = try await lab.start(
                        name: "block \(number) of \(page)", URL(filePath: "/bin/bash"),
                        ["-c", "cd \(lab.folder.path); " + command], environment: environment)
                    if block.stays {
                        _ = try await process.output.take("`ready` in block \(number)") { lines in
                            lines.contains("ready") ? true : nil
                        }
                    } else {
                        let status = try await process.status(within: .seconds(60))
                        try #require(status == 0, "\(block.text)")
                    }
                }
            }
        }
    }
}

/// A fenced block of a page that is run: its info string is `bash run`, `bash node` or `python run`.
private struct GuideBlock {
    let language: String
    /// Whether it starts a program that does not end by itself.
    let stays: Bool
    let text: String

    /// The page's ports (41xx, 81xx and 82xx), replaced by free ones, the same for the same.
    static func blocks(of page: URL) throws -> [GuideBlock] {
        let text = try String(contentsOf: page, encoding: .utf8)
        var ports: [Substring: String] = [:]
        let withFreePorts = try text.replacing(/\b(?:41|81|82)\d\d\b/) { match in
            if let port = ports[match.output] { return port }
            // The system may offer one again that nobody has taken yet.
            var port = String(try FreePort.find())
            while ports.values.contains(port) { port = String(try FreePort.find()) }
            ports[match.output] = port
            return port
        }
        return withFreePorts.matches(of: /(?ms)^```(bash|python) (run|node)\n(.*?)^```$/).map { match in
            GuideBlock(
                language: String(match.output.1), stays: match.output.2 == "node", text: String(match.output.3))
        }
    }
}
