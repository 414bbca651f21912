import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import LibP2PTransports
import Multiformats
import NIOCore
import NIOPosix
import Synchronization
import Testing

struct TCPTransportTests {
    private let transport = TCPTransport()

    private func listen(_ node: TestNode, on address: String = "/ip4/127.0.0.1/tcp/0") async throws -> any Listener {
        try await transport.listen(on: Multiaddr(address), upgrader: node, loops: TransportBench.loops)
    }

    @Test(arguments: ["/ip4/127.0.0.1/tcp/0", "/ip6/::1/tcp/0"])
    func connectionsCarryStreams(address: String) async throws {
        let (server, client) = (try TransportBench.makeNode(), try TransportBench.makeNode())
        let listener = try await listen(server, on: address)
        #expect(listener.address.tcpPort != 0)
        let executor = TransportBench.loops.next()
        let connection = try await transport.dial(
            listener.address, expecting: server.peerID, upgrader: client, on: executor)
        #expect(connection.executor === executor)
        #expect(connection.remoteAddress == listener.address)
        #expect(connection.end.localAddress.tcpPort != 0)
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(try await TransportBench.echo(bytes, on: connection) == bytes)
        let inbound = try #require(server.connections.first)
        #expect(inbound.remotePeer == client.peerID)
        #expect(inbound.remoteAddress == connection.end.localAddress)
        #expect(inbound.end.localAddress == listener.address)
        #expect(server.admissions == 1)
        await connection.close()
        await listener.close()
    }

    @Test
    func aPortThatIsTakenIsNamed() async throws {
        let node = try TransportBench.makeNode()
        let listener = try await listen(node)
        let error = await #expect(throws: NetworkError.self) {
            try await listen(node, on: listener.address.description)
        }
        #expect(error?.code == .system)
        #expect(error?.message.contains(listener.address.description) == true)
        await listener.close()
        // What was closed can be bound again at once.
        let again = try await listen(node, on: listener.address.description)
        await again.close()
    }

    @Test
    func bothFamiliesShareAPort() async throws {
        let node = try TransportBench.makeNode()
        let six = try await listen(node, on: "/ip6/::/tcp/0")
        let port = try #require(six.address.tcpPort)
        let four = try await listen(node, on: "/ip4/0.0.0.0/tcp/\(port)")
        #expect(four.address.tcpPort == port)
        await six.close()
        await four.close()
    }

    @Test
    func nobodyThereIsUnreachable() async throws {
        let node = try TransportBench.makeNode()
        let listener = try await listen(node)
        await listener.close()
        await #expect(throws: NetworkError(.unreachable, "")) {
            try await transport.dial(
                listener.address, expecting: nil, upgrader: node, on: TransportBench.loops.next())
        }
    }

    @Test
    func whatIsNotAdmittedIsClosedWithoutAByte() async throws {
        let node = try TransportBench.makeNode()
        node.refusal = NetworkError(.refused, "Not today.")
        let listener = try await listen(node)
        let client = try await RawClient(to: listener.address)
        #expect(try await client.receiveAll().isEmpty)
        // The listener lives on.
        node.refusal = nil
        let connection = try await transport.dial(
            listener.address, expecting: node.peerID, upgrader: try TransportBench.makeNode(),
            on: TransportBench.loops.next())
        await connection.close()
        await listener.close()
    }

    @Test
    func anotherPeerThanExpectedIsRefused() async throws {
        let (server, client) = (try TransportBench.makeNode(), try TransportBench.makeNode())
        let listener = try await listen(server)
        await #expect(throws: NetworkError(.peerMismatch, "")) {
            try await transport.dial(
                listener.address, expecting: client.peerID, upgrader: client, on: TransportBench.loops.next())
        }
        await listener.close()
    }

    @Test
    func aDialThatIsCancelledEnds() async throws {
        // It accepts and never says a word.
        let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let address = try #require(
            silent.localAddress.flatMap { Multiaddr.ip(.v4(0x7f00_0001), tcp: UInt16($0.port ?? 0)) })
        let node = try TransportBench.makeNode()
        let executor = TransportBench.loops.next()
        let dialling = Task {
            try await transport.dial(address, expecting: nil, upgrader: node, on: executor)
        }
        dialling.cancel()
        await #expect(throws: NetworkError(.cancelled, "")) { _ = try await dialling.value }
        try await silent.close()
    }

    @Test
    func aConnectionThatWasMadeOutlivesTheTaskThatDialledIt() async throws {
        let (server, client) = (try TransportBench.makeNode(), try TransportBench.makeNode())
        let listener = try await listen(server)
        let executor = TransportBench.loops.next()
        let start = executor.loop.makePromise(of: Void.self)
        let dialling = Mutex<Task<Connection, any Error>?>(nil)
        let upgrader = WatchedUpgrader(node: client) { dialling.withLock { $0?.cancel() } }
        let task = Task {
            try await start.futureResult.get()
            return try await transport.dial(
                listener.address, expecting: server.peerID, upgrader: upgrader, on: executor)
        }
        dialling.withLock { $0 = task }
        start.succeed(())
        let connection = try await task.value
        #expect(task.isCancelled)
        #expect(try await TransportBench.echo([1, 2, 3], on: connection) == [1, 2, 3])
        await connection.close()
        await listener.close()
    }

    @Test
    func aPeerThatHangsUpInTheHandshakeLeavesNothing() async throws {
        let node = try TransportBench.makeNode()
        let listener = try await listen(node)
        for _ in 0..<20 {
            let client = try await RawClient(to: listener.address)
            await client.send([3, 1])
            await client.close()
        }
        let connection = try await transport.dial(
            listener.address, expecting: node.peerID, upgrader: try TransportBench.makeNode(),
            on: TransportBench.loops.next())
        // The listener's side is ready when it answers.
        #expect(try await TransportBench.echo([1], on: connection) == [1])
        #expect(node.connections.count == 1)
        await connection.close()
        await listener.close()
    }

    @Test
    func onlyPlainTCPAddressesAreTaken() throws {
        for text in ["/ip4/1.2.3.4/tcp/4001", "/ip6/2001:db8::1/tcp/1"] {
            #expect(transport.canDial(try Multiaddr(text)))
            #expect(transport.canListen(on: try Multiaddr(text)))
        }
        for text in [
            "/ip4/1.2.3.4/udp/4001", "/ip4/1.2.3.4/tcp/4001/ws", "/dns4/example.com/tcp/4001", "/memory/1",
            "/ip4/1.2.3.4",
        ] {
            #expect(!transport.canDial(try Multiaddr(text)))
            #expect(!transport.canListen(on: try Multiaddr(text)))
        }
        #expect(!transport.canDial(try Multiaddr("/ip4/1.2.3.4/tcp/0")))
    }

    @Test
    func otherLoopsThanNIOPosixsAreRefusedWithWords() async throws {
        let node = try TransportBench.makeNode()
        Simulation.run { simulation in
            _ = #expect(throws: NetworkError(.misuse, "")) {
                try simulation.perform {
                    _ = try await transport.dial(
                        .ip(.v4(0x7f00_0001), tcp: 1), expecting: nil, upgrader: node, on: simulation.executor)
                }
            }
        }
    }
}

/// Tells when a connection has been made, before the one who dialled it knows.
private struct WatchedUpgrader: ConnectionUpgrader {
    let node: TestNode
    let whenUpgraded: @Sendable () -> Void

    func admit(from remote: Multiaddr) throws -> Admission { try node.admit(from: remote) }

    func upgrade(_ channel: any Channel, _ end: ConnectionEnd) -> EventLoopFuture<Connection> {
        node.upgrade(channel, end).map { connection in
            whenUpgraded()
            return connection
        }
    }

    func adopt(
        _ muxer: any StreamMuxer, securedAs peer: SecuredPeer, _ end: ConnectionEnd
    ) throws -> Connection {
        try node.adopt(muxer, securedAs: peer, end)
    }
}
