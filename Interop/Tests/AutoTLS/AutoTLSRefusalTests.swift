import Foundation
import Testing

extension RealPeers {
    /// A broker that does not do what it should is told in the log, and asked again later, not at once.
    @Suite(.timeLimit(.minutes(4)))
    struct AutoTLSRefusalTests {
        /// What a broker does, and what the node says of it.
        struct Case: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let manner: String
            var options: [String: JSONValue] = [:]
            var flags: [String] = []
            let words: [String]
            /// How many requests come.
            var requests = 2
            /// The next one comes no sooner than that, in seconds.
            var wait = 60
        }

        @Test(arguments: [
            Case(
                testDescription: "no token", manner: "good", options: ["token": "secret"],
                words: ["not without an access token: 403 Forbidden: Missing Forge-Authorization header."]),
            Case(
                testDescription: "no way to the node", manner: "good", flags: ["--access-deny", "127.0.0.0/8"],
                words: ["most likely it cannot dial any of", "could not connect to any of"]),
            Case(
                testDescription: "asked too often", manner: "status",
                options: ["status": 429, "text": "slow\ndown", "retry_after": 7200],
                words: ["was asked too often: slow down"], wait: 7200),
            Case(
                testDescription: "broken", manner: "status", options: ["status": 503, "retry_after": 5],
                words: ["answers with status 503"]),
            Case(
                testDescription: "an impostor", manner: "forge", words: ["cannot authenticate one another"],
                requests: 1),
            Case(
                testDescription: "without measure", manner: "giant", words: ["cannot be asked"]),
        ])
        func itIsToldAndAskedLater(_ refusal: Case) async throws {
            try await Lab.open { lab in
                let authority = try await lab.pebble()
                let broker = try await lab.broker(for: authority)
                try await broker.play(refusal.manner, refusal.options)
                let node = try await lab.node(
                    ["--https", "127.0.0.1:0"] + broker.flags + authority.resolvingFlags + refusal.flags)
                let line = try await node.refusalOfACertificate()
                for words in refusal.words { #expect(line.contains(words), "\(line)") }
                #expect(try node.secondsUntilNextTry(line) >= refusal.wait)
                #expect(try await broker.requests().count == refusal.requests)
                #expect(try await !lab.announced(by: node).contains { $0.contains("/dns4/") })
            }
        }

        @Test func aBrokerThatIsNotThere() async throws {
            try await Lab.open { lab in
                let authority = try await lab.pebble()
                let port = try FreePort.find()
                let node = try await lab.node(
                    ["--https", "127.0.0.1:0", "--auto-tls", "--auto-tls-broker", "http://localhost:\(port)"]
                        + authority.resolvingFlags)
                let line = try await node.refusalOfACertificate()
                #expect(line.contains("The broker localhost:\(port) cannot be asked."), "\(line)")
                #expect(try node.secondsUntilNextTry(line) >= 60)
            }
        }

        /// A node that is told to stop does not wait for a broker.
        @Test func aBrokerThatHangs() async throws {
            try await Lab.open { lab in
                let authority = try await lab.pebble()
                let broker = try await lab.broker(for: authority)
                try await broker.play("hold")
                let node = try await lab.node(
                    ["--https", "127.0.0.1:0"] + broker.flags + authority.resolvingFlags)
                try await eventually("the registration") { try await broker.requests().isEmpty ? nil : true }
                #expect(try await node.stop() == 0)
            }
        }
    }
}

extension NodeProcess {
    fileprivate func refusalOfACertificate() async throws -> String {
        try await process.errors.take("the refusal in the log") { lines in
            lines.first { $0.contains("no certificate was obtained") }
        }
    }

    fileprivate func secondsUntilNextTry(_ line: String) throws -> Int {
        guard let match = line.firstMatch(of: /nextTry="in (\d+) s"/), let seconds = Int(match.1) else {
            throw InteropError("no next try in \(line)")
        }
        return seconds
    }
}
