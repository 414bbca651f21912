import Foundation
import Testing

@Suite("waystation run, as a program", .serialized, .timeLimit(.minutes(2)))
struct RunCommandTests {
    private let folder = TemporaryFolder()

    private func arguments(_ more: String...) -> [String] {
        [
            "run", "--data-dir", folder.path, "--listen", "/ip4/127.0.0.1/tcp/0", "--http", "127.0.0.1:0", "--admin",
            "127.0.0.1:0",
        ] + more
    }

    @Test("standard output has the lines of the contract and nothing else; SIGTERM ends in 0")
    func output() throws {
        let program = try Program(arguments("--listen", "/ip4/127.0.0.1/tcp/0/ws"))
        let lines = program.lines(until: "ready")
        #expect(
            lines.map { $0.split(separator: " ")[0] } == [
                "peer", "listening", "listening", "listening", "http", "admin", "ready",
            ])
        let peer = try #require(lines.first?.dropFirst(5))
        #expect(peer.hasPrefix("12D3KooW"))
        #expect(lines[1].wholeMatch(of: /listening \/ip4\/127\.0\.0\.1\/tcp\/[1-9]\d*\/p2p\/.+/) != nil)
        #expect(lines[2].wholeMatch(of: /listening \/ip4\/127\.0\.0\.1\/tcp\/[1-9]\d*\/ws\/p2p\/.+/) != nil)
        #expect(lines[1...3].allSatisfy { $0.hasSuffix("/p2p/\(peer)") })
        // The front door's own /ws address is among them.
        let port = try #require(lines[4].split(separator: ":").last)
        #expect(lines[4] == "http http://127.0.0.1:\(port)")
        #expect(lines[1...3].contains { $0.contains("/tcp/\(port)/ws/") })
        #expect(lines[5].hasPrefix("admin http://127.0.0.1:"))

        program.signal(SIGTERM)
        let end = program.end()
        #expect(end.status == 0)
        #expect(end.output.isEmpty)
        #expect(end.errors.contains("level=info"))
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/identity.key")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test("SIGINT drains too, and the identity stays")
    func interrupt() throws {
        let first = try Program(arguments())
        let peer = first.lines(until: "ready").first
        first.signal(SIGINT)
        #expect(first.end().status == 0)
        let second = try Program(arguments())
        #expect(second.lines(until: "ready").first == peer)
        second.signal(SIGTERM)
        #expect(second.end().status == 0)
    }

    @Test("a folder in use is 69, and says so")
    func folderInUse() throws {
        let first = try Program(arguments())
        _ = first.lines(until: "ready")
        let second = try Program.run(arguments())
        #expect(second.status == 69)
        #expect(second.output.isEmpty)
        #expect(second.errors.contains("in use"))
        first.signal(SIGTERM)
        #expect(first.end().status == 0)
    }

    @Test("a taken port is 69, and names the address")
    func portTaken() throws {
        let first = try Program(arguments())
        let admin = try #require(
            first.lines(until: "ready").first { $0.hasPrefix("admin ") }?.split(separator: "/").last)
        let other = TemporaryFolder()
        let second = try Program.run([
            "run", "--data-dir", other.path, "--listen", "/ip4/127.0.0.1/tcp/0", "--http", String(admin), "--admin",
            "127.0.0.1:0",
        ])
        #expect(second.status == 69)
        #expect(second.errors.contains(admin))
        first.signal(SIGTERM)
        #expect(first.end().status == 0)
    }

    /// A command line and an environment that are wrong, and the status they end in.
    struct WrongUsage: Sendable {
        let arguments: [String]
        var environment: [String: String] = [:]
        let status: Int32
    }

    private static let wrongUsages = [
        WrongUsage(arguments: ["run", "--nonsense"], status: 64),
        WrongUsage(arguments: ["run", "--http"], status: 64),
        WrongUsage(arguments: ["run", "--bootstrap", "/ip4/1.2.3.4/tcp/1"], status: 64),
        WrongUsage(arguments: ["run"], environment: ["WAYSTATION_HTTP": "nonsense"], status: 78),
        WrongUsage(arguments: ["run"], environment: ["WAYSTATION_NONSENSE": "1"], status: 78),
        WrongUsage(arguments: ["run", "--config", "/nonexistent.yaml"], status: 78),
        WrongUsage(arguments: ["nonsense"], status: 64),
        WrongUsage(arguments: ["ping", "nonsense"], status: 64),
        WrongUsage(arguments: ["lookup", "peer", "nonsense", "--bootstrap", "amino"], status: 64),
    ]

    @Test("what cannot be read is 64 as a flag and 78 elsewhere", arguments: wrongUsages)
    func wrongUsage(_ usage: WrongUsage) throws {
        let outcome = try Program.run(usage.arguments, environment: usage.environment)
        #expect(outcome.status == usage.status)
        #expect(outcome.output.isEmpty)
        #expect(!outcome.errors.isEmpty)
    }

    @Test("help is on standard output, with examples", arguments: ["run", "identity", "ping", "lookup"])
    func help(command: String) throws {
        let outcome = try Program.run([command, "--help"])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("EXAMPLES"))
    }
}
