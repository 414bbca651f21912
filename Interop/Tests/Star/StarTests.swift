import Testing

extension RealPeers {
    /// socket.io clients of 2020 and of today at our star, by every transport, mixed.
    @Suite(.timeLimit(.minutes(4)))
    struct StarTests {
        @Test func everybodyMeetsEverybody() async throws {
            try await Lab.open { lab in
                let node = try await lab.node(["--star-refresh", "1s"])
                let peers = try await lab.starPeers(StarPeer.Manner.all, at: node)
                for peer in peers { try await peer.join() }
                for peer in peers {
                    for other in peers where other.address != peer.address {
                        try await peer.hears(of: other.address)
                    }
                }
                for peer in peers {
                    for other in peers where other.address != peer.address {
                        try await peer.exchange(with: other)
                    }
                    try await peer.expectAbsent("/star/nobody")
                }
                // Whoever is there is told again and again of the others, and never of itself.
                for peer in peers {
                    let other = try #require(peers.first { $0.address != peer.address })
                    let events = try await peer.events(untilHearing: 2, of: other.address)
                    #expect(!events.contains(StarEvent("ws-peer", .string(peer.address))))
                }
            }
        }

        /// Leaving, a goodbye and a sudden end are all known at once where the server can see them.
        @Test func whoIsGoneIsGone() async throws {
            try await Lab.open { lab in
                let node = try await lab.node(["--star-refresh", "1s"])
                let watcher = try await lab.starPeer(.webSocket5, at: node, as: "/star/watcher")
                let steady = try await lab.starPeer(.polling4, at: node, as: "/star/steady")
                for peer in [watcher, steady] { try await peer.join() }
                let peers = try await lab.starPeers(StarPeer.Manner.all, at: node)
                for peer in peers { try await peer.join() }
                for peer in peers { try await watcher.hears(of: peer.address) }

                for (number, peer) in peers.enumerated() {
                    switch number % 3 {
                    case 0: try await peer.leave()
                    case 1: try await peer.process.call("disconnect")
                    // Nobody can tell a polling client that is gone from one that is late.
                    case _ where peer.manner.transport == "polling": try await peer.leave()
                    default: try await peer.kill()
                    }
                    try await eventually("\(peer.address) is gone") {
                        try await watcher.emit("ss-handshake", watcher.offer(to: peer.address))
                        return try await watcher.handshake()["err"] == "peer is not available" ? true : nil
                    }
                }
                _ = try await watcher.events(untilHearing: 1, of: steady.address)
                let events = try await watcher.events(untilHearing: 2, of: steady.address)
                for peer in peers {
                    #expect(!events.contains(StarEvent("ws-peer", .string(peer.address))))
                }
                // Who left is still connected, and may come back.
                let back = try #require(peers.first)
                try await back.join()
                try await watcher.hears(of: back.address)
                try await watcher.exchange(with: back)
            }
        }

        /// The old socket is not gone yet, and must not take the new one with it when it goes.
        @Test(arguments: [
            [StarPeer.Manner.webSocket4, .webSocket5], [.polling4, .webSocket4], [.webSocket5, .polling5],
        ])
        func joiningAgainOnANewSocket(manners: [StarPeer.Manner]) async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let other = try await lab.starPeer(.webSocket5, at: node, as: "/star/other")
                try await other.join()
                let old = try await lab.starPeer(manners[0], at: node, as: "/star/moving")
                try await old.join()
                try await other.hears(of: old.address)
                try await other.exchange(with: old)

                let new = try await lab.starPeer(manners[1], at: node, as: "/star/moving")
                try await new.join()
                try await other.hears(of: new.address)
                try await other.exchange(with: new)
                try await new.exchange(with: other)
                // The older socket merely lost its entry: it is connected, and what it does about the entry is nothing.
                try await old.leave()
                try await other.exchange(with: new)
                try await old.process.call("disconnect")
                try await other.exchange(with: new)
                try await new.leave()
                try await other.expectAbsent(new.address)
            }
        }

        /// What a client of the reference server can do to others, it cannot do here.
        @Test func nobodyActsForAnother() async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let peers = try await lab.starPeers([.webSocket4, .webSocket5, .polling5], at: node)
                for peer in peers { try await peer.join() }
                let (victim, target, forger) = (peers[0], peers[1], peers[2])
                try await target.hears(of: victim.address)
                // An offer in another's name, joins that are no addresses, and one that moves the socket.
                try await forger.emit("ss-handshake", victim.offer(to: target.address))
                for junk: JSONValue in [.null, 7, "", .object([:]), .string(String(repeating: "a", count: 1025))] {
                    try await forger.emit("ss-join", junk)
                }
                try await forger.emit("ss-join", "/star/elsewhere")
                try await target.hears(of: "/star/elsewhere")
                try await target.expectAbsent(forger.address)
                let moved = StarPeer(process: forger.process, manner: forger.manner, address: "/star/elsewhere")
                try await moved.exchange(with: target)
                try await victim.exchange(with: target)
            }
        }

        /// The clients' own timers and the server's: nobody who is there is taken for dead, and who is silent is.
        @Test func heartbeatsKeepIdlePeers() async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let peers = try await lab.starPeers(StarPeer.Manner.all, at: node)
                for peer in peers { try await peer.join() }
                let silent = try await [3, 4].mapAsync { try await RawStar.open(node, generation: $0) }
                let started = ContinuousClock().now
                for socket in silent {
                    try await socket.waitForEnd(within: .seconds(60))
                    // 25 s until a ping is due and 20 s of patience.
                    #expect(ContinuousClock().now - started > .seconds(40))
                }
                for peer in peers {
                    try await peer.leave()
                    try await peer.join()
                }
                for (peer, other) in zip(peers, peers.dropFirst()) { try await peer.exchange(with: other) }
                for peer in peers {
                    #expect(!peer.process.logTail.contains { $0.contains("\"disconnected\"") }, "\(peer.manner)")
                }
            }
        }
    }
}

extension Sequence {
    fileprivate func mapAsync<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
