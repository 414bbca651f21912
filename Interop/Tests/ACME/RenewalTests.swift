import Foundation
import Testing

extension RealPeers {
    /// What goes on while certificates of a real authority are renewed.
    @Suite(.timeLimit(.minutes(5)))
    struct RenewalTests {
        /// A hundred WebSockets see nothing of a renewal. After it the authority is gone, and what it gave goes on being
        /// served until its end; then nobody is told the name any more.
        @Test func connectionsStayAndAnAuthorityMayGo() async throws {
            try await Lab.open { lab in
                let authority = try await lab.pebble(.init(validity: 40))
                let node = try await lab.node(provingTo: authority, ["--domain", "one.example"])
                let first = try await lab.trusted("one.example", at: authority.tlsPort, by: authority)
                let held = try await lab.start(
                    name: "held.py", lab.tools.python,
                    [
                        lab.tools.pythonScript("held.py"), "\(authority.tlsPort)", "one.example",
                        try await authority.root(), "100",
                    ],
                    readsInput: true, environment: ["PYTHONPATH": lab.tools.socketIO(5)])
                #expect(try await held.says()["open"] == 100)
                try held.send("now")
                #expect(try await held.says()["heard"] == 100)

                try await eventually("a renewal") {
                    let now = try await lab.served("one.example", at: authority.tlsPort)
                    return now.flatMap { $0.fingerprint == first.fingerprint ? nil : $0 }
                }
                try held.send("now")
                #expect(try await held.says()["heard"] == 100)

                try await authority.kill()
                let failure = try await node.process.errors.take("the failure in the log", within: .seconds(60)) {
                    lines in lines.first { $0.contains("no certificate was obtained") }
                }
                #expect(failure.contains("cannot be asked"))
                let kept = try await lab.served("one.example", at: authority.tlsPort)
                #expect(kept != nil)
                try await eventually("the withdrawal of the name") {
                    try await lab.announced(by: node).contains { $0.contains("/dns4/one.example/") } ? nil : true
                }
                try held.send("now")
                #expect(try await held.says()["heard"] == 100)
            }
        }
    }
}

extension ChildProcess {
    /// The next line that it prints.
    fileprivate func says() async throws -> JSONValue {
        let line = try await output.take("a line of \(name)", within: .seconds(90)) { lines in
            lines.isEmpty ? nil : lines.removeFirst()
        }
        return try JSONValue(parsing: line)
    }
}
