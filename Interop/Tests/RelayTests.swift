import Testing

extension RealPeers {
    /// go-libp2p peers that nobody can dial are reached through our relay.
    @Suite(.timeLimit(.minutes(4)))
    struct RelayTests {
        /// The relay's options that leave circuits unlimited: go-libp2p's daemon opens no stream of its own on a limited
        /// connection.
        static let unlimited = ["--relay-max-data", "0", "--relay-max-duration", "0"]
        static let protocolID = "/interop/relayed"

        @Test func aDaemonWithoutListenersIsReachedThroughUs() async throws {
            try await Lab.open { lab in
                let node = try await lab.node(Self.unlimited)
                let hidden = try await lab.hiddenDaemon(behind: node)
                let path = lab.path("handler")
                let listener = try await Socket.listen(unixPath: path)
                try await hidden.handleStreams(Self.protocolID, unixPath: path)
                let dialer = try await lab.daemon(mode: "-dhtClient")
                try await dialer.connect(hidden.idBytes, [try node.circuitAddress()])

                let asked = try await dialer.openStream(hidden.idBytes, [Self.protocolID])
                let answering = try await listener.accepted.take("a stream") { $0.popLast() }
                let information = try DaemonField.decode(try await answering.readDelimited())
                #expect(information.bytes(1) == dialer.idBytes)
                let content = Junk(seed: 16).bytes(16 << 20)
                for (sender, receiver) in [(asked, answering), (answering, asked)] {
                    async let sent: Void = sender.write(content)
                    #expect(try await receiver.read(exactly: content.count) == content)
                    try await sent
                }

                try await node.expectCircuit(from: dialer.id, to: hidden.id, carrying: content.count)

                // When the target dies the circuit and the reservation do.
                await hidden.process.stop()
                try await node.waitForBalancedBooks()
                await listener.close()
            }
        }

        /// With limits go-libp2p flags the connection, and pings on it nevertheless.
        @Test func limitedCircuitsAreToldAndEnd() async throws {
            try await Lab.open { lab in
                let node = try await lab.node(["--relay-max-duration", "5s"])
                let hidden = try await lab.hiddenDaemon(behind: node)
                let dialer = try await lab.daemon(mode: "-dhtClient")
                try await dialer.connect(hidden.idBytes, [try node.circuitAddress()])
                #expect(try await dialer.peers().contains { $0.id == hidden.idBytes })
                // Not a word of ours ends it but the relay's clock.
                try await eventually("the circuit is over") {
                    try await dialer.peers().contains { $0.id == hidden.idBytes } ? nil : true
                }
                let endings = try await node.relayReport()["endings"]
                #expect(endings?["duration_limit"]?.double == 1)
            }
        }

        @Test func whoIsDeniedGetsNoPlace() async throws {
            try await Lab.open { lab in
                let keyFile = lab.path("key")
                let identity = try await lab.waystation("identity", "new", "--output", keyFile, "--format", "protobuf")
                try #require(identity.status == 0)
                let hiddenID = try #require(identity.output.joined().firstMatch(of: /12D3KooW\w+/)?.output)
                let node = try await lab.node(["--relay-deny", String(hiddenID)])
                let hidden = try await lab.startHiddenDaemon(behind: node, ["-id", keyFile])
                #expect(hidden.id == hiddenID)
                try await eventually("the refusal is counted") {
                    let refusals = try await node.relayReport()["refusals"]
                    return refusals?["denied"]?.double ?? 0 > 0 ? true : nil
                }
                #expect(try await node.relayReport()["reservations"]?.array?.isEmpty == true)
                let dialer = try await lab.daemon(mode: "-dhtClient")
                await #expect(throws: InteropError.self) {
                    try await dialer.connect(hidden.idBytes, [try node.circuitAddress()])
                }
                let refusals = try await node.relayReport()["refusals"]
                #expect(refusals?["no_reservation"]?.double ?? 0 > 0)
            }
        }
    }
}

extension Lab {
    /// Starts a daemon that listens nowhere, and waits until it holds a reservation with the node.
    func hiddenDaemon(behind node: NodeProcess) async throws -> P2PDaemon {
        let daemon = try await startHiddenDaemon(behind: node)
        try await node.waitForReservation(of: daemon.id)
        return daemon
    }

    /// Starts a daemon that listens nowhere and looks for a place at the node.
    func startHiddenDaemon(behind node: NodeProcess, _ more: [String] = []) async throws -> P2PDaemon {
        try await daemon(
            listen: [], mode: "-dhtClient",
            [
                "-autoRelay", "-relayDiscovery=false", "-trustedRelays", try node.address(),
                "-forceReachabilityPrivate", "-noListenAddrs",
            ] + more)
    }
}

extension NodeProcess {
    /// `<our address>/p2p/<our id>/p2p-circuit` in bytes.
    func circuitAddress() throws -> [UInt8] {
        let peer = try TestAddress.peerID(id)
        return try TestAddress.multiaddr(address()) + DaemonField.varint(421) + DaemonField.varint(UInt64(peer.count))
            + peer + DaemonField.varint(290)
    }

    /// `<our address>/p2p-circuit/p2p/<the peer's id>`, in text.
    func circuitAddress(of peer: String) throws -> String {
        try address() + "/p2p-circuit/p2p/" + peer
    }

    func waitForReservation(of peer: String) async throws {
        try await eventually("\(peer) holds a reservation") {
            let reservations = try await relayReport()["reservations"]?.array ?? []
            return reservations.contains { $0["peer"] == .string(peer) } ? true : nil
        }
    }

    /// What `GET /api/relay` answers.
    func relayReport() async throws -> JSONValue {
        try JSONValue(parsing: try await HTTPAnswer.get(admin, "/api/relay").body)
    }
}
