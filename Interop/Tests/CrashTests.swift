import Testing

extension RealPeers {
    /// What a sudden death leaves behind.
    @Suite(.timeLimit(.minutes(3)))
    struct CrashTests {
        /// Writes reach the disk within this time, the contract says.
        static let flushInterval = Duration.seconds(5)

        @Test func acknowledgedProviderRecordsOutliveAKill() async throws {
            try await Lab.open { lab in
                let dataFolder = lab.path("data")
                let node = try await lab.node(dataFolder: dataFolder)
                let nodeID = try TestAddress.peerID(node.id)
                let daemon = try await lab.daemon(mode: "-dhtClient")
                try await daemon.connect(nodeID, [try TestAddress.multiaddr(try node.address())])
                let stream = try await MessageStream.open(daemon, nodeID)

                // Each record counts as acknowledged when our node has answered a question that was asked after it.
                let clock = ContinuousClock()
                let start = clock.now
                var acknowledged: [(key: [UInt8], at: ContinuousClock.Instant)] = []
                while clock.now - start < Self.flushInterval + .seconds(2) {
                    let key = TestContent.multihash("record \(acknowledged.count)")
                    try await stream.addProvider(key, daemon.idBytes, daemon.addressBytes)
                    #expect(try await stream.providers(key).map(\.id) == [daemon.idBytes])
                    acknowledged.append((key, clock.now))
                }
                let death = clock.now
                try await node.kill()

                let again = try await lab.node(dataFolder: dataFolder, port: try node.port())
                #expect(again.id == node.id)
                let reader = try await lab.daemon(mode: "-dhtClient")
                try await reader.connect(nodeID, [try TestAddress.multiaddr(try again.address())])
                let questions = try await MessageStream.open(reader, nodeID)
                let old = acknowledged.filter { death - $0.at > Self.flushInterval }
                #expect(old.count > 100)
                var lost = 0
                for record in old where try await questions.providers(record.key).map(\.id) != [daemon.idBytes] {
                    lost += 1
                }
                #expect(lost == 0, "of \(old.count) records older than \(Self.flushInterval)")
            }
        }
    }
}
