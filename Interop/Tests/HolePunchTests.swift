import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PRelay
import Testing

extension RealPeers {
    /// Relayed connections become direct ones (DCUtR), with py-libp2p at the other end, in each role. On loopback there is
    /// no NAT to punch through: what is shown is the exchange, and that what it leads to is found and used.
    @Suite(.timeLimit(.minutes(3)))
    struct HolePunchTests {
        /// The peer tells by identify where it listens, and that is tried first.
        @Test func whoCanBeDialledIsDialled() async throws {
            try await Lab.open { lab in
                let relay = try await lab.node()
                let hidden = try await lab.hiddenNode(behind: relay)
                let peer = try await lab.pythonPeer(["--punch"])
                try await peer.dial(hidden.id, through: relay)
                #expect(try await hidden.upgrade() == "reachable")
                try await peer.expectDirectConnection(to: hidden.id)
                #expect(try await peer.call("punching_messages").strings == [])
            }
        }

        /// The peer listens nowhere, so both agree on a moment, and it dials us.
        @Test func ourHiddenNodeBegins() async throws {
            try await Lab.open { lab in
                let relay = try await lab.node()
                let hidden = try await lab.hiddenNode(behind: relay)
                let peer = try await lab.pythonPeer(["--punch", "--hidden"])
                try await peer.dial(hidden.id, through: relay)
                #expect(try await hidden.upgrade() == "punched")
                try await peer.expectDirectConnection(to: hidden.id)
                #expect(try await peer.call("punching_messages").strings.prefix(2) == ["CONNECT", "SYNC"])
            }
        }

        /// The hidden peer begins, and we dial it when it says so.
        @Test func aHiddenPythonPeerBegins() async throws {
            try await Lab.open { lab in
                let relay = try await lab.node()
                let hidden = try await lab.pythonPeer(["--punch"])
                _ = try await hidden.call("connect", ["address": .string(try relay.address())])
                try #require(try await hidden.call("reserve", ["relay": .string(relay.id)]) == .bool(true))
                let caller = try OwnHost()
                let punching = HolePunchService(network: caller.host)
                punching.start()
                let relayed = try await caller.dial(PeerID(hidden.id), through: try relay.address())
                #expect(relayed.isLimited)
                let peer: [String: JSONValue] = ["peer": .string(caller.id.description)]
                try await eventually("\(hidden.id) has taken the connection") {
                    try await hidden.call("is_connected", peer) == .bool(true) ? true : nil
                }
                // Its own dialling finds nothing: we listen nowhere.
                _ = try await hidden.call("punch", peer)
                #expect(try await hidden.call("punching_messages").strings == ["CONNECT"])
                try await hidden.expectDirectConnection(to: caller.id.description)
                let direct = try await caller.host.connect(to: relayed.remotePeer)
                #expect(!direct.isRelayed && !direct.isInbound)
                try await caller.close()
            }
        }
    }
}

extension Lab {
    /// Starts a node of ours that takes a place at another one's relay, and waits until it has it.
    func hiddenNode(behind relay: NodeProcess) async throws -> NodeProcess {
        let node = try await node(["--relay-client", try relay.address()])
        try await relay.waitForReservation(of: node.id)
        return node
    }
}

extension NodeProcess {
    /// Waits until it says what came of the one relayed connection that it took.
    fileprivate func upgrade() async throws -> String {
        try await eventually("it tells what came of the relayed connection") {
            let metrics = try await HTTPAnswer.get(admin, "/metrics").body
            return ["reachable", "punched", "failed"].first { result in
                metrics.contains("waystation_relay_client_upgrades_total{result=\"\(result)\"} 1\n")
            }
        }
    }
}

extension PythonPeer {
    fileprivate func expectDirectConnection(to peer: String) async throws {
        try await eventually("\(id) has a direct connection to \(peer)") {
            try await call("is_direct", ["peer": .string(peer)]) == .bool(true) ? true : nil
        }
    }
}
