import Testing

extension RealPeers {
    /// One star of several nodes, held together by a real Redis that dies and comes back.
    @Suite(.timeLimit(.minutes(4)))
    struct StarClusterTests {
        @Test func redisDiesAndComesBack() async throws {
            try await Lab.open { lab in
                let redis = try await RedisProcess(lab)
                let options = ["--star-redis", redis.url, "--star-refresh", "1s"]
                let nodes = [try await lab.node(options), try await lab.node(options)]
                let here = try await lab.starPeers([.webSocket4, .polling5], at: nodes[0])
                let there = try await lab.starPeers([.webSocket5, .polling4], at: nodes[1], first: 2)
                for peer in here + there { try await peer.join() }
                try await Self.expectOneStar(here, there)

                try await redis.kill()
                // Each node is a star of its own now, for newcomers too.
                let late = try await lab.starPeers([.webSocket5], at: nodes[0], first: 4)
                let distant = try await lab.starPeers([.webSocket4], at: nodes[1], first: 5)
                for peer in late + distant { try await peer.join() }
                for peer in here { try await peer.hears(of: late[0].address) }
                try await late[0].exchange(with: here[0])
                try await here[1].exchange(with: here[0])
                try await distant[0].exchange(with: there[1])

                try await redis.restart()
                try await Self.expectOneStar(here + late, there + distant)
            }
        }

        @Test func whoseNodeDiedIsGoneInTime() async throws {
            try await Lab.open { lab in
                let redis = try await RedisProcess(lab)
                let options = ["--star-redis", redis.url]
                let nodes = [try await lab.node(options), try await lab.node(options)]
                let here = try await lab.starPeers([.webSocket5], at: nodes[0])[0]
                let there = try await lab.starPeers([.webSocket4], at: nodes[1], first: 1)[0]
                for peer in [here, there] { try await peer.join() }
                try await here.hears(of: there.address)
                try await here.exchange(with: there)

                try await nodes[1].kill()
                try await eventually("\(there.address) is gone", within: .seconds(90)) {
                    try await here.emit("ss-handshake", here.offer(to: there.address))
                    let answer = try? await here.handshake(within: .seconds(2))
                    return answer?["err"] == "peer is not available" ? true : nil
                }
                // Its peer comes back at the node that lives.
                let back = try await lab.starPeer(.webSocket4, at: nodes[0], as: there.address)
                try await back.join()
                try await here.hears(of: back.address)
                try await back.exchange(with: here)
            }
        }

        /// A peer moves to another node while the one it left does not know yet.
        @Test func theNewestJoinWinsAtAnyNode() async throws {
            try await Lab.open { lab in
                let redis = try await RedisProcess(lab)
                let options = ["--star-redis", redis.url]
                let nodes = [try await lab.node(options), try await lab.node(options)]
                let other = try await lab.starPeer(.webSocket5, at: nodes[0], as: "/star/other")
                try await other.join()
                let old = try await lab.starPeer(.webSocket4, at: nodes[0], as: "/star/moving")
                try await old.join()
                try await other.hears(of: old.address)
                let new = try await lab.starPeer(.webSocket5, at: nodes[1], as: "/star/moving")
                try await new.join()
                try await other.hears(of: new.address)
                try await other.exchange(with: new)
                try await old.process.call("disconnect")
                try await other.exchange(with: new)
            }
        }

        /// Everybody hears of everybody, and offers pass between the nodes in both directions.
        private static func expectOneStar(_ here: [StarPeer], _ there: [StarPeer]) async throws {
            for (peers, others) in [(here, there), (there, here)] {
                for peer in peers {
                    for other in others { try await peer.hears(of: other.address, within: .seconds(60)) }
                }
            }
            for (peer, other) in zip(here, there) {
                try await peer.exchange(with: other)
                try await other.exchange(with: peer)
            }
        }
    }
}
