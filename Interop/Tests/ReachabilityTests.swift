import Testing

extension RealPeers {
    /// What our node tells a go-libp2p peer about its address, asked in the protocols' own messages.
    @Suite(.timeLimit(.minutes(3)))
    struct ReachabilityTests {
        /// Nothing listens there.
        static let deadAddress = "/ip4/127.0.0.1/tcp/1"

        @Test(arguments: [true, false])
        func autoNATOne(reachable: Bool) async throws {
            try await connected { node, daemon in
                let address = reachable ? daemon.addressBytes[0] : try TestAddress.multiaddr(Self.deadAddress)
                let stream = MessageStream(socket: try await daemon.openStream(node, ["/libp2p/autonat/1.0.0"]))
                let peer = DaemonField.message(1, [.bytes(1, daemon.idBytes), .bytes(2, address)])
                try await stream.send([.varint(1, 0), .message(2, [peer])])
                let answer = try DaemonField.decode(try await stream.socket.readDelimited())
                #expect(answer.varint(1) == 1)
                let response = try #require(try answer.message(3))
                #expect(response.varint(1) == (reachable ? 0 : 100))
                if reachable {
                    #expect(response.bytes(3)?.starts(with: address) == true)
                }
            }
        }

        /// A peer may ask for itself only.
        @Test func autoNATOneForAnotherPeer() async throws {
            try await connected { node, daemon in
                let stream = MessageStream(socket: try await daemon.openStream(node, ["/libp2p/autonat/1.0.0"]))
                let peer = DaemonField.message(1, [.bytes(1, node), .bytes(2, daemon.addressBytes[0])])
                let answer = try await stream.ask([.varint(1, 0), .message(2, [peer])])
                #expect(try answer.message(3)?.varint(1) == 200)
            }
        }

        @Test func autoNATTwoDialsBackWithTheNonce() async throws {
            try await connected { node, daemon in
                let path = "/tmp/dial-back-\(UInt32.random(in: 0 ... .max))"
                let listener = try await Socket.listen(unixPath: path)
                try await daemon.handleStreams("/libp2p/autonat/2/dial-back", unixPath: path)
                let stream = MessageStream(
                    socket: try await daemon.openStream(node, ["/libp2p/autonat/2/dial-request"]))
                let nonce: UInt64 = 0x0123_4567_89ab_cdef
                try await stream.send([.message(1, [.bytes(1, daemon.addressBytes[0]), .fixed64(2, nonce)])])

                let back = try await listener.accepted.take("the dial back") { $0.popLast() }
                _ = try await back.readDelimited()
                #expect(try DaemonField.decode(try await back.readDelimited()).fixed64(1) == nonce)

                let answer = try DaemonField.decode(try await stream.socket.readDelimited())
                let response = try #require(try answer.message(2))
                #expect(response.varint(1) == 200)
                // The daemon ends the stream without an answer. That it took the nonce is enough.
                #expect(response.varint(3) == 200)
                #expect(response.varint(2) ?? 0 == 0)
                await listener.close()
            }
        }

        @Test func autoNATTwoOfADeadAddress() async throws {
            try await connected { node, daemon in
                let stream = MessageStream(
                    socket: try await daemon.openStream(node, ["/libp2p/autonat/2/dial-request"]))
                let dead = try TestAddress.multiaddr(Self.deadAddress)
                try await stream.send([.message(1, [.bytes(1, dead), .fixed64(2, 7)])])
                let answer = try DaemonField.decode(try await stream.socket.readDelimited())
                let response = try #require(try answer.message(2))
                #expect(response.varint(1) == 200)
                #expect(response.varint(3) == 100)
            }
        }

        private func connected(_ body: (_ node: [UInt8], _ daemon: P2PDaemon) async throws -> Void) async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let daemon = try await lab.daemon()
                let id = try TestAddress.peerID(node.id)
                try await daemon.connect(id, [try TestAddress.multiaddr(try node.address())])
                try await body(id, daemon)
            }
        }
    }
}
