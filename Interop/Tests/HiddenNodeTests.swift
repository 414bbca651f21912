import Testing

extension RealPeers {
    /// One of our own nodes is reached through another one's relay.
    @Suite(.timeLimit(.minutes(3)))
    struct HiddenNodeTests {
        @Test func aNodeIsReachedThroughItsRelay() async throws {
            try await Lab.open { lab in
                let relay = try await lab.node()
                let hidden = try await lab.node(["--relay-client", try relay.address()])
                try await eventually("the hidden node holds a place") {
                    let reservations = try await relay.relayReport()["reservations"]?.array ?? []
                    return reservations.contains { $0["peer"] == .string(hidden.id) } ? true : nil
                }
                try await eventually("it announces the address behind the relay") {
                    let report = try JSONValue(parsing: try await HTTPAnswer.get(hidden.admin, "/api/node").body)
                    let addresses = report["announcedAddresses"]?.strings ?? []
                    return addresses.contains { $0.contains("/p2p/\(relay.id)/p2p-circuit") } ? true : nil
                }
                let circuit = "\(try relay.address())/p2p-circuit/p2p/\(hidden.id)"
                let ping = try await lab.waystation("ping", circuit)
                #expect(ping.status == 0, "\(ping.errors)")
                let report = try await relay.relayReport()
                #expect(report["peers"]?.array?.contains { $0["circuitsAsTarget"]?.double ?? 0 > 0 } == true)
                // A relay that nobody knows is not found by dialling twice through ours.
                let nested = "\(try relay.address())/p2p-circuit/p2p/\(hidden.id)/p2p-circuit/p2p/\(relay.id)"
                #expect(try await lab.waystation("ping", nested).status == 1)
            }
        }
    }
}
