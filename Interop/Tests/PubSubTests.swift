import Testing

extension RealPeers {
    /// go-libp2p peers that know only our node hear of one another in the topic of peer discovery.
    @Suite(.timeLimit(.minutes(4)))
    struct PubSubTests {
        static let topic = "_peer-discovery._p2p._pubsub"

        @Test(arguments: ["gossipsub", "floodsub"])
        func ourNodeIsTheHub(router: String) async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let nodeID = try TestAddress.peerID(node.id)
                var daemons: [P2PDaemon] = []
                for _ in 0..<3 {
                    let daemon = try await lab.daemon(mode: "-dhtClient", ["-pubsub", "-pubsubRouter", router])
                    try await daemon.connect(nodeID, [try TestAddress.multiaddr(try node.address())])
                    daemons.append(daemon)
                }
                var subscriptions: [Socket] = []
                for daemon in daemons {
                    subscriptions.append(try await daemon.subscribe(to: Self.topic))
                    try await eventually("\(daemon.id) sees that we are in the topic") {
                        try await daemon.subscribers(of: Self.topic).contains(nodeID) ? true : nil
                    }
                }
                try await node.waitForSubscribers(daemons.count)
                for (number, sender) in daemons.enumerated() {
                    // Neither form of the announcement: what comes is passed on as it is.
                    let data = Array("announcement \(number)".utf8)
                    try await sender.publish(data, to: Self.topic)
                    for subscription in subscriptions {
                        let message = try await P2PDaemon.message(from: subscription)
                        #expect(message == .init(author: sender.idBytes, data: data))
                    }
                }
                for daemon in daemons {
                    // Nobody was introduced: all of it went through us.
                    #expect(try await daemon.peers().map(\.id) == [nodeID])
                }
            }
        }
    }
}

extension NodeProcess {
    /// Waits until so many peers are in the hub's topics, as far as the hub knows.
    func waitForSubscribers(_ count: Int) async throws {
        try await eventually("\(count) peers are in the topic") {
            let metrics = try await HTTPAnswer.get(admin, "/metrics").body
            return metrics.contains("waystation_pubsub_subscriptions \(count)\n") ? true : nil
        }
    }
}
