import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import LibP2PTransports
import Multiformats
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import Testing

/// Two real ends, and strangers, on loopback.
struct WebSocketTransportTests {
    private let transport = WebSocketTransport()

    private static let handshake = """
        Upgrade: websocket\r
        Connection: Upgrade\r
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
        Sec-WebSocket-Version: 13\r
        \r\n
        """

    private func listen(_ node: TestNode, on address: String = "/ip4/127.0.0.1/tcp/0/ws") async throws -> any Listener {
        try await transport.listen(on: Multiaddr(address), upgrader: node, loops: TransportBench.loops)
    }

    @Test(arguments: ["/ip4/127.0.0.1/tcp/0/ws", "/ip6/::1/tcp/0/ws"])
    func connectionsCarryStreams(address: String) async throws {
        let (server, client) = (try TransportBench.makeNode(), try TransportBench.makeNode())
        let listener = try await listen(server, on: address)
        #expect(listener.address.protocols.last == .ws)
        #expect(listener.address.tcpPort != 0)
        let connection = try await transport.dial(
            listener.address, expecting: server.peerID, upgrader: client, on: TransportBench.loops.next())
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(try await TransportBench.echo(bytes, on: connection) == bytes)
        let inbound = try #require(server.connections.first)
        #expect(inbound.remotePeer == client.peerID)
        #expect(inbound.remoteAddress == connection.end.localAddress)
        #expect(inbound.end.localAddress == listener.address)
        await connection.close()
        await listener.close()
    }

    /// Old clients dial `/p2p/<id>` paths.
    @Test(arguments: ["/", "/p2p/12D3KooWKnDdG3iXw9eTFijk3EWSunZcFi54Zka4wmtqtt6rPxc8", "/any?query=1"])
    func anyPathIsUpgraded(path: String) async throws {
        let server = try TransportBench.makeNode()
        let listener = try await listen(server)
        let client = try await RawClient(to: listener.address)
        // A close frame, masked with zeros, ends it.
        await client.send("GET \(path) HTTP/1.1\r\nHost: x\r\n" + Self.handshake)
        await client.send([0x88, 0x80, 0, 0, 0, 0])
        let answer = try await client.receiveText()
        #expect(answer.hasPrefix("HTTP/1.1 101 "))
        #expect(answer.lowercased().contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="))
        await listener.close()
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 426),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 426),
        ("POST / HTTP/1.1\r\nHost: x\r\n" + handshake, 426),
        ("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", 426),
        ("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 426),
        ("\u{16}\u{3}\u{1}this is no HTTP\r\n\r\n", 400),
    ])
    func whatIsNoUpgradeIsRefused(request: String, status: Int) async throws {
        let server = try TransportBench.makeNode()
        let listener = try await listen(server)
        let client = try await RawClient(to: listener.address)
        await client.send(request)
        let answer = try await client.receiveText()
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
        #expect(answer.contains("connection: close\r\n"))
        #expect(server.connections.isEmpty)
        await listener.close()
    }

    @Test
    func endlessHeadersAreCutOff() async throws {
        let server = try TransportBench.makeNode()
        let listener = try await listen(server)
        let client = try await RawClient(to: listener.address)
        await client.send("GET / HTTP/1.1\r\nHost: x\r\n")
        for number in 0..<200 { await client.send("X-\(number): \(String(repeating: "a", count: 200))\r\n") }
        // What is still under way when the server closes may cut its answer off, but the connection ends.
        let answer = try await client.receiveText()
        #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 431 "))
        // The handlers go one tick after the socket, and the place with them.
        try await TransportBench.settle()
        #expect(server.admissions == 0)
        await listener.close()
    }

    @Test
    func whatIsNotAdmittedIsClosedWithoutAByte() async throws {
        let server = try TransportBench.makeNode()
        server.refusal = NetworkError(.refused, "Not today.")
        let listener = try await listen(server)
        let client = try await RawClient(to: listener.address)
        await client.send("GET / HTTP/1.1\r\nHost: x\r\n" + Self.handshake)
        #expect(try await client.receiveAll().isEmpty)
        await listener.close()
    }

    @Test(arguments: [
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
            + "Sec-WebSocket-Accept: bm90IHRoZSBrZXk=\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "",
    ])
    func anAnswerThatIsNoUpgradeFailsTheDial(answer: String) async throws {
        let stranger = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Answerer(answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = UInt16(stranger.localAddress?.port ?? 0)
        let address = try Multiaddr("/ip4/127.0.0.1/tcp/\(port)/ws")
        let node = try TransportBench.makeNode()
        let error = await #expect(throws: NetworkError.self) {
            try await transport.dial(address, expecting: nil, upgrader: node, on: TransportBench.loops.next())
        }
        #expect([.unreachable, .malformed, .closed].contains(error?.code))
        #expect(node.connections.isEmpty)
        try await stranger.close()
    }

    /// Answers the first bytes with a text and hangs up.
    private final class Answerer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let answer: String

        init(_ answer: String) { self.answer = answer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
            context.close(promise: nil)
        }
    }

    /// A HTTP server that upgrades by itself, as the front door does.
    @Test
    func channelsOfAnotherServerAreAdopted() async throws {
        let (node, client) = (try TransportBench.makeNode(), try TransportBench.makeNode())
        let upgrader = NIOWebSocketServerUpgrader(
            maxFrameSize: WebSocketTransport.maxFrameSize,
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
            upgradePipelineHandler: { channel, _ in
                WebSocketTransport.adopt(channel, upgrader: node, loops: TransportBench.loops)
                return channel.eventLoop.makeSucceededVoidFuture()
            })
        let server = try await ServerBootstrap(group: TransportBench.loops.group)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                        withServerUpgrade: (upgraders: [upgrader], completionHandler: { _ in }))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let address = try Multiaddr("/ip4/127.0.0.1/tcp/\(server.localAddress?.port ?? 0)/ws")
        let connection = try await transport.dial(
            address, expecting: node.peerID, upgrader: client, on: TransportBench.loops.next())
        #expect(try await TransportBench.echo([1, 2, 3], on: connection) == [1, 2, 3])
        #expect(node.connections.first?.end.localAddress == address)
        await connection.close()
        // A client that hangs up in silence is gone as well.
        let raw = try await RawClient(to: address)
        await raw.send("GET / HTTP/1.1\r\nHost: x\r\n" + Self.handshake)
        // A client that hangs up before the upgrade is left to the upgrader's own timeout.
        try await raw.waitForAnswer()
        await raw.finish()
        #expect(try await raw.receiveText().hasPrefix("HTTP/1.1 101 "))
        // Refused before the handshake.
        node.refusal = NetworkError(.refused, "Not today.")
        await #expect(throws: NetworkError.self) {
            try await transport.dial(
                address, expecting: node.peerID, upgrader: client, on: TransportBench.loops.next())
        }
        try await server.close()
    }

    @Test
    func onlyPlainWebSocketAddressesAreTaken() throws {
        for text in ["/ip4/1.2.3.4/tcp/80/ws", "/ip6/2001:db8::1/tcp/1/ws"] {
            #expect(transport.canDial(try Multiaddr(text)))
        }
        for text in [
            "/ip4/1.2.3.4/tcp/80", "/ip4/1.2.3.4/tcp/443/wss", "/ip4/1.2.3.4/tcp/443/tls/ws",
            "/dns4/example.com/tcp/80/ws", "/ip4/1.2.3.4/udp/80",
        ] {
            #expect(!transport.canDial(try Multiaddr(text)))
        }
    }
}
