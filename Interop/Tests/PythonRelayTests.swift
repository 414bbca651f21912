import Testing

extension RealPeers {
    /// py-libp2p at our relay, in each role, with itself and with go-libp2p at the other end.
    ///
    /// Its dialler asks for a place of its own before it connects, whatever it wants to be; so a relay that lets only some
    /// peers reserve sees refusals of those who merely dial.
    @Suite(.timeLimit(.minutes(4)))
    struct PythonRelayTests {
        static let protocolID = "/interop/echo"
        static let size = 16 << 20

        @Test func aDaemonReachesAHiddenPythonPeer() async throws {
            try await Lab.open { lab in
                let node = try await lab.node(RelayTests.unlimited)
                let hidden = try await lab.hiddenPythonPeer(behind: node)
                let dialer = try await lab.daemon(mode: "-dhtClient")
                let hiddenID = try TestAddress.peerID(hidden.id)
                try await dialer.connect(hiddenID, [try node.circuitAddress()])
                let stream = try await dialer.openStream(hiddenID, [Self.protocolID])
                let content = Junk(seed: 8).bytes(Self.size)
                async let sent: Void = stream.write(content)
                #expect(try await stream.read(exactly: content.count) == content)
                try await sent
                try await node.expectCircuit(from: dialer.id, to: hidden.id, carrying: content.count)

                // When the target dies the circuit and the reservation do.
                await hidden.process.stop()
                try await node.waitForBalancedBooks()
            }
        }

        @Test func aPythonPeerReachesAHiddenDaemon() async throws {
            try await Lab.open { lab in
                let node = try await lab.node(RelayTests.unlimited)
                let hidden = try await lab.hiddenDaemon(behind: node)
                let path = lab.path("handler")
                let listener = try await Socket.listen(unixPath: path)
                try await hidden.handleStreams(Self.protocolID, unixPath: path)
                let dialer = try await lab.pythonPeer()
                try await dialer.dial(hidden.id, through: node)

                async let answered: Void = {
                    let stream = try await listener.accepted.take("a stream") { $0.popLast() }
                    let information = try DaemonField.decode(try await stream.readDelimited())
                    #expect(information.bytes(1) == (try TestAddress.peerID(dialer.id)))
                    try await stream.echo(Self.size)
                }()
                #expect(try await dialer.exchange(Self.size, with: hidden.id, Self.protocolID))
                try await answered
                try await node.expectCircuit(from: dialer.id, to: hidden.id, carrying: Self.size)
                await listener.close()
            }
        }

        /// Both find the relay by themselves among those they are connected to, as py-libp2p's discovery does.
        @Test func aPythonPeerReachesAnotherThatFoundTheRelayByItself() async throws {
            try await Lab.open { lab in
                let node = try await lab.node(RelayTests.unlimited)
                let hidden = try await lab.pythonPeer(["--hidden", "--search", "1"])
                _ = try await hidden.call("connect", ["address": .string(try node.address())])
                _ = try await hidden.call("serve_echo", ["protocol": .string(Self.protocolID)])
                try await node.waitForReservation(of: hidden.id)
                try await eventually("\(hidden.id) knows that it has a place") {
                    try await hidden.call("found").strings == [node.id] ? true : nil
                }
                let dialer = try await lab.pythonPeer(["--hidden"])
                try await dialer.dial(hidden.id, through: node)
                let ping: [String: JSONValue] = ["peer": .string(hidden.id), "count": 3]
                #expect(try await dialer.call("ping", ping).array?.count == 3)
                #expect(try await dialer.exchange(Self.size, with: hidden.id, Self.protocolID))
                try await node.expectCircuit(from: dialer.id, to: hidden.id, carrying: Self.size)
                await dialer.process.stop()
                await hidden.process.stop()
                try await node.waitForBalancedBooks()
            }
        }

        /// py-libp2p knows no limited connections: it uses them like others, and finds the relay's bound the hard way.
        @Test func theLimitOfBytesEndsACircuit() async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let hidden = try await lab.hiddenPythonPeer(behind: node)
                let dialer = try await lab.pythonPeer()
                try await dialer.dial(hidden.id, through: node)
                // The handshakes and headers count too.
                #expect(try await dialer.exchange(100_000, with: hidden.id, Self.protocolID))
                await #expect(throws: InteropError.self) {
                    try await dialer.exchange(100_000, with: hidden.id, Self.protocolID)
                }
                try await eventually("the circuit is over") {
                    let report = try await node.relayReport()
                    return report["circuits"]?.array?.isEmpty == true ? true : nil
                }
                #expect(try await node.relayReport()["endings"]?["byte_limit"] == 1)
            }
        }

        @Test func whoHoldsNoPlaceCannotBeReached() async throws {
            try await Lab.open { lab in
                let node = try await lab.node()
                let absent = try await lab.pythonPeer()
                let dialer = try await lab.pythonPeer()
                let error = await #expect(throws: InteropError.self) {
                    try await dialer.dial(absent.id, through: node)
                }
                #expect(error?.description.contains("204") == true)
                #expect(try await node.relayReport()["refusals"]?["no_reservation"] == 1)
            }
        }
    }
}

extension Lab {
    func pythonPeer(_ more: [String]) async throws -> PythonPeer {
        try await pythonPeer(.init(), more)
    }

    /// Starts a py-libp2p peer that listens nowhere, echoes, and holds a reservation with the node.
    func hiddenPythonPeer(behind node: NodeProcess) async throws -> PythonPeer {
        let peer = try await pythonPeer(["--hidden"])
        _ = try await peer.call("connect", ["address": .string(try node.address())])
        _ = try await peer.call("serve_echo", ["protocol": .string(RealPeers.PythonRelayTests.protocolID)])
        try #require(try await peer.call("reserve", ["relay": .string(node.id)]) == .bool(true))
        return peer
    }
}

extension PythonPeer {
    /// Connects to a peer through the node's relay.
    func dial(_ peer: String, through node: NodeProcess) async throws {
        let reached = try await call("dial", ["address": .string(try node.circuitAddress(of: peer))])
        #expect(reached == .string(peer))
    }

    /// Whether junk came back unchanged from an echoing peer.
    func exchange(_ size: Int, with peer: String, _ protocolID: String) async throws -> Bool {
        let arguments: [String: JSONValue] = [
            "peer": .string(peer), "protocol": .string(protocolID), "size": .number(Double(size)),
        ]
        return try await call("exchange", arguments) == .bool(true)
    }
}

extension NodeProcess {
    /// Both peers see a circuit of theirs in the report, and their accounts hold what passed.
    func expectCircuit(from source: String, to target: String, carrying size: Int) async throws {
        let report = try await relayReport()
        let circuits = report["circuits"]?.array ?? []
        #expect(circuits.contains { $0["source"] == .string(source) && $0["target"] == .string(target) })
        for peer in [source, target] {
            let account = report["peers"]?.array?.first { $0["peer"] == .string(peer) }
            #expect(account?["bytesSent"]?.double ?? 0 >= Double(size))
            #expect(account?["bytesReceived"]?.double ?? 0 >= Double(size))
        }
    }

    func waitForBalancedBooks() async throws {
        try await eventually("the books are balanced") {
            let report = try await relayReport()
            let open = (report["circuits"]?.array ?? []) + (report["reservations"]?.array ?? [])
            return open.isEmpty ? true : nil
        }
    }
}
