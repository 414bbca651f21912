import Testing

extension RealPeers {
    /// go-libp2p peers that know nothing but our node's address join a network through it.
    @Suite(.timeLimit(.minutes(5)))
    struct DaemonNetworkTests {
        @Test func sixDaemonsThatKnowOnlyOurNode() async throws {
            try await Lab.open { lab in
                let dataFolder = lab.path("data")
                let node = try await lab.node(dataFolder: dataFolder)
                let nodeID = try TestAddress.peerID(node.id)
                let daemons = try await joined(6, through: node, in: lab)

                for seeker in daemons {
                    for sought in daemons where sought.id != seeker.id {
                        // A daemon that was just dialled by the other knows it a moment before its addresses.
                        try await eventually("\(seeker.id) finds \(sought.id)") {
                            let found = try await seeker.findPeer(sought.idBytes)
                            return found.id == sought.idBytes && found.addresses == sought.addressBytes ? true : nil
                        }
                    }
                    let address = try TestAddress.multiaddr(node.address())
                    try await eventually("\(seeker.id) finds our node") {
                        try await seeker.findPeer(nodeID).addresses.contains(address) ? true : nil
                    }
                }

                let provider = daemons[0]
                let cid = TestContent.cid("six daemons")
                try await provider.provide(cid)
                for daemon in daemons.dropFirst() {
                    let providers = try await daemon.findProviders(cid)
                    #expect(providers.map(\.id) == [provider.idBytes])
                    #expect(providers.first?.addresses == provider.addressBytes)
                }

                // k is 20, so in a network of seven every other peer is among the closest.
                for daemon in daemons {
                    let others = Set(daemons.map(\.idBytes).filter { $0 != daemon.idBytes } + [nodeID])
                    // A lookup leaves out whoever is too busy to answer in time.
                    try await eventually("\(daemon.id) sees all the others as closest peers") {
                        Set(try await daemon.closestPeers(TestContent.multihash("closest"))) == others ? true : nil
                    }
                }

                let publicKey = try await daemons[1].publicKey(daemons[2].idBytes)
                let key = Array("/pk/".utf8) + daemons[2].idBytes
                try await daemons[2].putValue(key, publicKey)
                for daemon in daemons {
                    #expect(try await daemon.value(key) == publicKey)
                }

                // What follows can come from nowhere but our node's store.
                for daemon in daemons { await daemon.process.stop() }
                try await expectRecords(cid, of: provider, key, publicKey, from: node, in: lab)
                let status = try await node.stop()
                #expect(status == 0, "\(node.process.logTail.suffix(60).joined(separator: "\n"))")
                let again = try await lab.node(dataFolder: dataFolder, port: try node.port())
                #expect(again.id == node.id)
                try await expectRecords(cid, of: provider, key, publicKey, from: again, in: lab)
            }
        }

        /// Daemons over each security and transport that go-libp2p and our node share.
        @Test(arguments: ["-tls=false", "-noise=false"], [false, true])
        func daemonsOverEverySecurityAndTransport(option: String, webSocket: Bool) async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let daemon = try await lab.daemon(
                    bootstrap: [try node.address(webSocket: webSocket)], mode: "-dhtClient", [option])
                let nodeID = try TestAddress.peerID(node.id)
                try await eventually("the daemon is connected") {
                    try await daemon.peers().contains { $0.id == nodeID } ? true : nil
                }
                let stream = try await daemon.openStream(nodeID, ["/ipfs/ping/1.0.0"])
                for round in 0..<10 {
                    let block = [UInt8](repeating: UInt8(round), count: 32)
                    try await stream.write(block)
                    #expect(try await stream.read(exactly: 32) == block)
                }
            }
        }

        /// A daemon that was gone and came back at another address is found there.
        @Test func aDaemonThatMovedIsFoundAtItsNewAddress() async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let nodeID = try TestAddress.peerID(node.id)
                let seeker = try await joined(1, through: node, in: lab)[0]
                let keyFile = lab.path("key")
                let identity = try await lab.waystation("identity", "new", "--output", keyFile, "--format", "protobuf")
                try #require(identity.status == 0)
                let before = try await lab.daemon(bootstrap: [try node.address()], ["-id", keyFile])
                try await eventually("it is found") { try await seeker.findPeer(before.idBytes) }
                await before.process.stop()
                let after = try await lab.daemon(bootstrap: [try node.address()], ["-id", keyFile])
                #expect(after.id == before.id)
                let stream = try await MessageStream.open(seeker, nodeID)
                try await eventually("our node knows the new address") {
                    let found = try await stream.findNode(after.idBytes).first { $0.id == after.idBytes }
                    guard found?.addresses == after.addressBytes else {
                        throw InteropError("it says \(found?.addresses ?? [])")
                    }
                    return true
                }
            }
        }

        private func joined(_ count: Int, through node: NodeProcess, in lab: Lab) async throws -> [P2PDaemon] {
            var daemons: [P2PDaemon] = []
            for _ in 0..<count {
                daemons.append(try await lab.daemon(bootstrap: [try node.address()]))
            }
            let nodeID = try TestAddress.peerID(node.id)
            for daemon in daemons {
                try await eventually("\(daemon.id) is connected to our node") {
                    try await daemon.peers().contains { $0.id == nodeID } ? true : nil
                }
            }
            return daemons
        }

        private func expectRecords(
            _ cid: [UInt8], of provider: P2PDaemon, _ key: [UInt8], _ value: [UInt8], from node: NodeProcess,
            in lab: Lab
        ) async throws {
            let newcomer = try await lab.daemon(mode: "-dhtClient")
            let nodeID = try TestAddress.peerID(node.id)
            try await newcomer.connect(nodeID, [try TestAddress.multiaddr(try node.address())])
            let stream = try await MessageStream.open(newcomer, nodeID)
            let providers = try await stream.providers(Array(cid.dropFirst(2)))
            #expect(providers.map(\.id) == [provider.idBytes])
            #expect(providers.first?.addresses == provider.addressBytes)
            #expect(try await stream.value(key) == value)
            await newcomer.process.stop()
        }
    }
}
