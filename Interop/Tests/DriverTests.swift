import Testing

extension RealPeers {
    /// The drivers themselves, with the real peers among themselves: what fails here is not our node's fault.
    @Suite(.timeLimit(.minutes(3)))
    struct DriverTests {
        @Test func daemonsFindOneAnotherThroughOne() async throws {
            try await Lab.open { lab in
                let root = try await lab.daemon()
                var daemons: [P2PDaemon] = []
                for _ in 0..<6 {
                    daemons.append(try await lab.daemon(bootstrap: [try root.address()]))
                }
                for daemon in daemons {
                    try await eventually("the root is connected") {
                        try await daemon.peers().contains { $0.id == root.idBytes } ? true : nil
                    }
                }
                for seeker in daemons {
                    for sought in daemons where sought.id != seeker.id {
                        // A daemon may know another by name before it knows where that is.
                        try await eventually("\(seeker.id) finds \(sought.id)") {
                            let found = try await seeker.findPeer(sought.idBytes)
                            return found.addresses == sought.addressBytes ? true : nil
                        }
                    }
                }
                let cid = TestContent.cid("driver")
                try await daemons[0].provide(cid)
                for daemon in daemons {
                    try await eventually("\(daemon.id) finds the provider") {
                        try await daemon.findProviders(cid).map(\.id) == [daemons[0].idBytes] ? true : nil
                    }
                }
                let others = daemons.filter { $0.id != daemons[1].id }.map(\.idBytes)
                try await eventually("the nearest peers are found") {
                    Set(try await daemons[1].closestPeers(daemons[2].idBytes)).isSuperset(of: others) ? true : nil
                }
                let publicKey = try await daemons[3].publicKey(daemons[4].idBytes)
                let key = Array("/pk/".utf8) + daemons[4].idBytes
                try await daemons[4].putValue(key, publicKey)
                #expect(try await daemons[5].value(key) == publicKey)
                #expect(try await daemons[0].searchValue(key).last == publicKey)
                try await daemons[0].disconnect(root.idBytes)
                #expect(try await daemons[0].peers().contains { $0.id == root.idBytes } == false)
            }
        }

        @Test func daemonsExchangeBytesOnAStream() async throws {
            try await Lab.open { lab in
                let (one, other) = (try await lab.daemon(), try await lab.daemon())
                let path = lab.path("handler")
                let listener = try await Socket.listen(unixPath: path)
                try await other.handleStreams("/interop/echo", unixPath: path)
                try await one.connect(other.idBytes, other.addressBytes)
                let dialled = try await one.openStream(other.idBytes, ["/interop/none", "/interop/echo"])
                try await dialled.write(Array("hello".utf8))
                let answering = try await listener.accepted.take("a stream") { $0.popLast() }
                let information = try DaemonField.decode(try await answering.readDelimited())
                #expect(information.bytes(1) == one.idBytes)
                #expect(try await answering.read(exactly: 5) == Array("hello".utf8))
                try await answering.write(Array("bye".utf8))
                #expect(try await dialled.read(exactly: 3) == Array("bye".utf8))
                await listener.close()
            }
        }

        @Test(
            arguments: [
                PythonPeer.Stack(), PythonPeer.Stack(security: "tls"), PythonPeer.Stack(transport: "ws"),
            ])
        func pythonTalksToTheDaemon(stack: PythonPeer.Stack) async throws {
            try await Lab.open { lab in
                let daemon = try await lab.daemon(listen: ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/0/ws"])
                let python = try await lab.pythonPeer(stack)
                let address = try daemon.address(webSocket: stack.transport == "ws")
                #expect(try await python.call("connect", ["address": .string(address)]) == .string(daemon.id))
                let peer: [String: JSONValue] = ["peer": .string(daemon.id)]
                let times = try await python.call("ping", peer.merging(["count": 3]) { $1 })
                #expect(times.array?.count == 3)
                let identity = try await python.call("identify", peer)
                #expect(identity["agent"] == "p2pd/0.1")
                let key: [String: JSONValue] = ["key": .string(TestContent.multihash("\(stack)").hexText)]
                #expect(try await python.call("provide", key) == .bool(true))
                let providers = try await eventually("the daemon stores the provider record") {
                    let providers = try await python.call("ask_providers", key.merging(peer) { $1 }).array ?? []
                    return providers.isEmpty ? nil : providers
                }
                #expect(providers.map { $0["id"]?.string } == [python.id])
            }
        }

        @Test(arguments: ["noise", "tls"])
        func theTunnelLeadsInsideAConnection(security: String) async throws {
            try await Lab.open { lab in
                let daemon = try await lab.daemon()
                let tunnel = try await lab.tunnel(to: try daemon.address(), security: security)
                let connection = try await tunnel.connect()
                #expect(try await connection.answersPing())
                try await connection.send([.open(1, "/ipfs/ping/1.0.0"), .data(1, [UInt8](repeating: 7, count: 32))])
                var answer: [UInt8] = []
                while answer.count < Multistream.header.count + 18 + 32 {
                    answer += try await connection.readFrame { $0.stream == 1 && !$0.payload.isEmpty }.payload
                }
                #expect(answer.suffix(32) == [UInt8](repeating: 7, count: 32)[...])
                // A frame of a version that does not exist.
                try await connection.send([YamuxFrame(version: 9, type: 0)])
                try await connection.waitForEnd()
            }
        }
    }
}
