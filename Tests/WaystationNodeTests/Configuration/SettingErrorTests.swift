import Testing

@testable import WaystationNode

@Suite("What cannot be read is an error that names it")
struct SettingErrorTests {
    @Test(
        "on the command line: 64",
        arguments: [
            (["--htpp", "0.0.0.0:80"], "did you mean --http?"),
            (["--relay-max-resevations", "7"], "--relay-max-resevations"),
            (["--http"], "--http needs a value"),
            (["--http", "--plain"], "--http needs a value"),
            (["--http", "nonsense"], "--http: nonsense"),
            (["--http", "a:1", "--http", "b:2"], "2 times"),
            (["stray"], "stray"),
            (["--listen", "/ip4/300.1.1.1/tcp/1"], "--listen: /ip4/300.1.1.1/tcp/1"),
            (["--bootstrap", "/ip4/1.2.3.4/tcp/1"], "/p2p/"),
            (["--limits-connections", "-1"], "--limits-connections"),
            (["--limits-connections", "many"], "many"),
            (["--disable", "gravity"], "gravity"),
            (["--plain=maybe"], "maybe"),
        ])
    func flags(arguments: [String], hint: String) {
        expectError(.usage, 64, hint) { try resolve(arguments) }
    }

    @Test(
        "in the environment: 78",
        arguments: [
            ("WAYSTATION_HTPP", "0.0.0.0:80", "did you mean WAYSTATION_HTTP?"),
            ("WAYSTATION_HTTP", "nonsense", "WAYSTATION_HTTP"),
            ("WAYSTATION_HTTP", "", "WAYSTATION_HTTP"),
            ("WAYSTATION_LISTEN", "/ip4/1.2.3.4/tcp/1,,", "WAYSTATION_LISTEN"),
            ("WAYSTATION_LOG_LEVEL", "loud", "loud"),
            ("WAYSTATION_CONFIG", "/nonexistent/waystation.yaml", "/nonexistent/waystation.yaml"),
        ])
    func environment(name: String, value: String, hint: String) {
        expectError(.configuration, 78, hint) { try resolve(environment: [name: value]) }
    }

    @Test(
        "in the file: 78, with the line",
        arguments: [
            ("http: 0.0.0.0:80\nlimits:\n  conections: 3\n", ":3: unknown setting limits.conections"),
            ("relais:\n  maxReservations: 7\n", ":1: unknown setting relais"),
            ("limits: 3\n", "unknown setting limits"),
            ("config: other.yaml\n", "unknown setting config"),
            ("http: nonsense\n", "http in"),
            ("http: [a, b]\n", "a single value belongs here"),
            ("http: {a: b}\n", "a single value belongs here"),
            ("- http\n", "is not a list of settings"),
            ("http: 0.0.0.0:1\nhttp: 0.0.0.0:2\n", "http"),
            ("http: [\n", "is not readable YAML"),
            ("listen: [[a]]\n", "YAML"),
        ])
    func file(text: String, hint: String) throws {
        let path = try temporaryFile(text)
        expectError(.configuration, 78, hint) { try resolve(["--config", path]) }
    }

    @Test("a value that a stronger place hides is still read")
    func hidden() throws {
        expectError(.configuration, 78, "WAYSTATION_HTTP") {
            try resolve(["--http", "0.0.0.0:80"], environment: ["WAYSTATION_HTTP": "nonsense"])
        }
    }

    private func expectError(
        _ code: NodeError.Code, _ status: Int32, _ hint: String, sourceLocation: SourceLocation = #_sourceLocation,
        _ body: () throws -> NodeConfiguration
    ) {
        let error = #expect(throws: NodeError.self, sourceLocation: sourceLocation) { try body() }
        #expect(error?.code == code, sourceLocation: sourceLocation)
        #expect(error?.exitStatus == status, sourceLocation: sourceLocation)
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains(hint), "\(text)", sourceLocation: sourceLocation)
    }
}
