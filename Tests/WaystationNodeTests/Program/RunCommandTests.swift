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

    @Test("servers that are off have no line, and addresses of all interfaces are told one by one")
    func fewerLines() throws {
        let program = try Program([
            "run", "--plain", "--data-dir", folder.path, "--listen", "/ip4/0.0.0.0/tcp/0", "--http", "off", "--admin",
            "off",
        ])
        let lines = program.lines(until: "ready")
        program.signal(SIGTERM)
        #expect(program.end().status == 0)
        #expect(lines.first?.hasPrefix("peer ") == true)
        #expect(lines.last == "ready")
        let listening = lines.dropFirst().dropLast()
        #expect(listening.allSatisfy { $0.hasPrefix("listening /ip4/") && !$0.contains("/0.0.0.0/") })
        #expect(listening.contains { $0.hasPrefix("listening /ip4/127.0.0.1/tcp/") })
        #expect(Set(listening).count == listening.count)
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

    @Test("a folder that cannot be made, and an address that is not the machine's, are 69 and named")
    func missingResources() throws {
        for (arguments, name) in [
            (["--data-dir", "/proc/waystation"], "/proc/waystation"),
            (["--data-dir", folder.path, "--listen", "/ip4/192.0.2.1/tcp/0"], "192.0.2.1"),
        ] {
            let outcome = try Program.run(["run", "--http", "off", "--admin", "off"] + arguments)
            #expect(outcome.status == 69)
            #expect(outcome.output.isEmpty)
            #expect(outcome.errors.contains(name), "\(outcome.errors)")
        }
    }

    @Test("files that do not hold what they should are 78 and named", arguments: ["--identity", "--psk", "--config"])
    func wrongFiles(flag: String) throws {
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let file = folder.path + "/wrong"
        try Data("nonsense: true\n".utf8).write(to: URL(fileURLWithPath: file))
        let outcome = try Program.run(arguments(flag, file))
        #expect(outcome.status == 78)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains(file), "\(outcome.errors)")
    }

    @Test("an address that no transport knows, and a public network where only private ones may be, are 78")
    func refusedConfigurations() throws {
        for (outcome, name) in [
            (try Program.run(arguments("--listen", "/ip4/127.0.0.1/udp/1")), "udp"),
            (try Program.run(arguments(), environment: ["LIBP2P_FORCE_PNET": "1"]), "LIBP2P_FORCE_PNET"),
        ] {
            #expect(outcome.status == 78)
            #expect(outcome.output.isEmpty)
            #expect(outcome.errors.contains(name), "\(outcome.errors)")
        }
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
        WrongUsage(arguments: ["run", "--limits-handshakes", "-1"], status: 64),
        WrongUsage(arguments: ["run", "--dht-max-value-bytes", "1KB"], status: 64),
        WrongUsage(arguments: ["run"], environment: ["WAYSTATION_LIMITS_HANDSHAKES": "many"], status: 78),
        WrongUsage(arguments: ["nonsense"], status: 64),
        WrongUsage(arguments: ["ping", "nonsense"], status: 64),
        WrongUsage(arguments: ["ping"], status: 64),
        WrongUsage(arguments: ["identity", "nonsense"], status: 64),
        WrongUsage(arguments: ["lookup", "peer"], status: 64),
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
