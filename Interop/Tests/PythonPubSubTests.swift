import Testing

extension RealPeers {
    /// Peers of different makes and ages meet in the topic of peer discovery, and know only our node.
    @Suite(.timeLimit(.minutes(4)))
    struct PythonPubSubTests {
        static let topic = PubSubTests.topic

        /// py-libp2p with each protocol it shares with us, and go-libp2p: what one says all hear, once.
        @Test func allKindsMeetAtOurNode() async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let protocols = ["/floodsub/1.0.0", "/meshsub/1.0.0", "/meshsub/1.1.0", "/meshsub/1.2.0"]
                var peers: [PythonPeer] = []
                for name in protocols { peers.append(try await lab.gossiper(at: node, name)) }
                let daemon = try await lab.daemon(mode: "-dhtClient", ["-pubsub", "-pubsubRouter", "gossipsub"])
                let nodeID = try TestAddress.peerID(node.id)
                try await daemon.connect(nodeID, [try TestAddress.multiaddr(try node.address())])
                let subscription = try await daemon.subscribe(to: Self.topic)
                try await node.waitForSubscribers(peers.count + 1)
                try await eventually("\(daemon.id) sees that we are in the topic") {
                    try await daemon.subscribers(of: Self.topic).contains(nodeID) ? true : nil
                }

                for round in 0..<2 {
                    for (number, sender) in peers.enumerated() {
                        let data = Array("\(protocols[number]) says \(round)".utf8)
                        try await sender.publish(data, to: Self.topic)
                        try await expect(data, from: sender.id, at: peers, subscription)
                    }
                    let data = Array("go-libp2p says \(round)".utf8)
                    try await daemon.publish(data, to: Self.topic)
                    try await expect(data, from: daemon.id, at: peers, subscription)
                }
                for peer in peers {
                    // Nobody was introduced: all of it went through us.
                    let known = try await peer.call("subscribers", ["topic": .string(Self.topic)])
                    #expect(known.strings == [node.id])
                }
                for peer in peers.dropFirst() {
                    try await eventually("\(peer.id) has us in its mesh") {
                        let mesh = try await peer.call("mesh", ["topic": .string(Self.topic)])
                        return mesh.strings == [node.id] ? true : nil
                    }
                }
            }
        }

        /// One that offers all protocols it knows, newer ones than ours included, finds one in common.
        @Test func theNewestProtocolInCommonIsFound() async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let all = ["2.0.0", "1.4.0", "1.3.0", "1.2.0", "1.1.0", "1.0.0"].map { "/meshsub/\($0)" }
                let one = try await lab.gossiper(at: node, all)
                let other = try await lab.gossiper(at: node, "/meshsub/1.1.0")
                try await node.waitForSubscribers(2)
                for (sender, receiver) in [(one, other), (other, one)] {
                    try await sender.publish([1, 2, 3], to: Self.topic)
                    #expect(try await receiver.message(in: Self.topic) == .init(author: sender.id, data: [1, 2, 3]))
                    // py-libp2p delivers one's own messages as well.
                    #expect(try await sender.message(in: Self.topic) == .init(author: sender.id, data: [1, 2, 3]))
                }
            }
        }

        private func expect(
            _ data: [UInt8], from author: String, at peers: [PythonPeer], _ subscription: Socket
        ) async throws {
            for peer in peers {
                #expect(try await peer.message(in: Self.topic) == .init(author: author, data: data))
            }
            let message = try await P2PDaemon.message(from: subscription)
            #expect(message == .init(author: try TestAddress.peerID(author), data: data))
        }
    }
}

extension Lab {
    /// Starts a py-libp2p peer that speaks some of pubsub's protocols, knows our node, and is in the topic of discovery.
    fileprivate func gossiper(at node: NodeProcess, _ protocols: [String]) async throws -> PythonPeer {
        let peer = try await pythonPeer(["--hidden"] + protocols.flatMap { ["--pubsub", $0] })
        let topic: [String: JSONValue] = ["topic": .string(RealPeers.PubSubTests.topic)]
        _ = try await peer.call("subscribe", topic)
        _ = try await peer.call("connect", ["address": .string(try node.address())])
        try await eventually("\(peer.id) sees that we are in the topic") {
            try await peer.call("subscribers", topic).strings == [node.id] ? true : nil
        }
        return peer
    }

    fileprivate func gossiper(at node: NodeProcess, _ name: String) async throws -> PythonPeer {
        try await gossiper(at: node, [name])
    }
}

extension PythonPeer {
    /// A message that a subscription delivers.
    fileprivate struct Message: Equatable {
        let author: String
        let data: [UInt8]
    }

    fileprivate func publish(_ data: [UInt8], to topic: String) async throws {
        _ = try await call("publish", ["topic": .string(topic), "data": .string(data.hexText)])
    }

    /// The next message of a topic that it is subscribed to.
    fileprivate func message(in topic: String) async throws -> Message {
        let message = try await call("message", ["topic": .string(topic)])
        let digits = Array(message["data"]?.string ?? "")
        let data = stride(from: 0, to: digits.count, by: 2).compactMap { place in
            UInt8(String(digits[place..<(place + 2)]), radix: 16)
        }
        return Message(author: message["author"]?.string ?? "", data: data)
    }
}
