import Foundation
import Testing

extension RealPeers {
    /// The configuration file is read again on SIGHUP: what the relay gives, and to whom, changes while it runs.
    @Suite(.timeLimit(.minutes(3)))
    struct ReloadTests {
        @Test func aRunningRelayTakesOverItsListsAndLimits() async throws {
            try await Lab.open { lab in
                let file = lab.folder.appending(path: "node.yaml")
                func write(_ text: String) throws { try Data(text.utf8).write(to: file) }
                try write("relay:\n  maxReservations: 10\n")
                let node = try await lab.node(["--config", file.path])
                let holder = try await lab.hiddenPythonPeer(behind: node)
                let other = try await lab.pythonPeer()
                _ = try await other.call("connect", ["address": .string(try node.address())])
                #expect(try await node.relayReport()["refusals"] == .object([:]))

                // Who is denied loses the place at once, and the only one goes to the next who asks.
                try write("relay:\n  maxReservations: 1\n  deny: [\(holder.id)]\n")
                try await node.hangUp(until: "were read again")
                #expect(try await node.relayReport()["reservations"] == .array([]))
                #expect(try await holder.reserve(at: node) == false)
                #expect(try await other.reserve(at: node) == true)
                let report = try await node.relayReport()
                #expect(report["refusals"] == .object(["denied": 1]))
                let account = report["peers"]?.array?.first { $0["peer"] == .string(holder.id) }
                #expect(account?["refusals"] == .object(["denied": 1]))

                // A file with a wrong value changes nothing.
                try write("relay:\n  maxReservations: many\n")
                try await node.hangUp(until: "cannot be read again")
                #expect(try await holder.reserve(at: node) == false)
                #expect(try await node.relayReport()["refusals"] == .object(["denied": 2]))

                try write("relay:\n  maxReservations: 1\n")
                try await node.hangUp(until: "were read again")
                #expect(try await holder.reserve(at: node) == false)
                #expect(try await node.relayReport()["refusals"] == .object(["denied": 2, "reservations": 1]))
                try write("relay:\n  maxReservations: 2\n")
                try await node.hangUp(until: "were read again")
                #expect(try await holder.reserve(at: node) == true)
            }
        }
    }
}

extension PythonPeer {
    fileprivate func reserve(at node: NodeProcess) async throws -> Bool {
        try await call("reserve", ["relay": .string(node.id)]) == .bool(true)
    }
}
