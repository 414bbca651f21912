import Testing

extension RealPeers {
    /// Our own nodes as clients of one another, through the commands that a user has.
    @Suite(.timeLimit(.minutes(3)))
    struct CommandTests {
        @Test func lookupsAmongOurOwnNodes() async throws {
            try await Lab.open { lab in
                let root = try await lab.node()
                let bootstrap = try root.address()
                let one = try await lab.node(bootstrap: [bootstrap])
                let other = try await lab.node(bootstrap: [bootstrap])
                for sought in [one, other] {
                    let found = try await eventually("\(sought.id) is found") {
                        let result = try await lab.waystation("lookup", "peer", sought.id, "--bootstrap", bootstrap)
                        return result.status == 0 ? result : nil
                    }
                    let tcp = try sought.address().replacing("/p2p/\(sought.id)", with: "")
                    #expect(found.output.contains { $0.contains(tcp) })
                }
                // From the other end: through one, the other is found.
                let across = try await lab.waystation(
                    "lookup", "peer", other.id, "--bootstrap", try one.address(), "--json")
                #expect(across.status == 0)
                #expect(try across.json().isEmpty == false)

                let closest = try await lab.waystation("lookup", "closest", other.id, "--bootstrap", bootstrap)
                #expect(closest.status == 0)
                #expect(closest.output.contains { $0.contains(other.id) })
                #expect(closest.output.contains { $0.contains(one.id) })
            }
        }

        @Test func lookupOfProvidersAndValuesThatADaemonLeft() async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let nodeID = try TestAddress.peerID(node.id)
                let daemon = try await lab.daemon(mode: "-dhtServer")
                try await daemon.connect(nodeID, [try TestAddress.multiaddr(try node.address())])
                let stream = try await MessageStream.open(daemon, nodeID)
                let multihash = TestContent.multihash("left behind")
                try await stream.addProvider(multihash, daemon.idBytes, daemon.addressBytes)
                #expect(try await stream.providers(multihash).map(\.id) == [daemon.idBytes])
                let publicKey = try await daemon.publicKey(daemon.idBytes)
                try await stream.putValue(Array("/pk/".utf8) + daemon.idBytes, publicKey)

                let bootstrap = try node.address()
                let cid = "f" + ([0x01, 0x55] + multihash).hexText
                let providers = try await lab.waystation("lookup", "providers", cid, "--bootstrap", bootstrap)
                #expect(providers.status == 0)
                #expect(providers.output.contains { $0.contains(daemon.id) })
                let value = try await lab.waystation("lookup", "value", "/pk/\(daemon.id)", "--bootstrap", bootstrap)
                #expect(value.status == 0)
                #expect(value.output.isEmpty == false)

                let nobody = "f" + ([0x01, 0x55] + TestContent.multihash("nobody has it")).hexText
                #expect(try await lab.waystation("lookup", "providers", nobody, "--bootstrap", bootstrap).status == 1)
            }
        }

        @Test func pingTellsWhetherAPeerAnswers() async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                for webSocket in [false, true] {
                    let address = try node.address(webSocket: webSocket)
                    let answered = try await lab.waystation("ping", address, "--json")
                    #expect(answered.status == 0)
                    #expect(answered.output.contains { $0.contains("waystation/") })
                }
                let daemon = try await lab.daemon(listen: ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/0/ws"])
                for webSocket in [false, true] {
                    let answered = try await lab.waystation("ping", try daemon.address(webSocket: webSocket))
                    #expect(answered.status == 0)
                }
                let address = try node.address()
                _ = try await node.stop()
                #expect(try await lab.waystation("ping", address).status == 1)
                #expect(try await lab.waystation("ping", "/ip4/127.0.0.1/tcp").status == 64)
            }
        }

        @Test func aSecondNodeOnTheSameFolderIsRefused() async throws {
            try await Lab.open { lab in
                let dataFolder = lab.path("data")
                _ = try await lab.node(dataFolder: dataFolder)
                let second = try await lab.waystation(
                    "run", "--data-dir", dataFolder, "--listen", "/ip4/127.0.0.1/tcp/0", "--http", "127.0.0.1:0",
                    "--admin", "127.0.0.1:0")
                #expect(second.status == 69)
            }
        }
    }
}
