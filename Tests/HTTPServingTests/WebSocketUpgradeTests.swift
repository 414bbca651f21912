import HTTPServing
import NIOCore
import NIOWebSocket
import Synchronization
import Testing

@Suite("A WebSocket's connection has no HTTP left in it", .timeLimit(.minutes(1)))
struct WebSocketUpgradeTests {
    private static let handshake = """
        Host: a\r
        Connection: keep-alive, Upgrade\r
        Upgrade: websocket\r
        Sec-WebSocket-Version: 13\r
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
        \r

        """

    /// Sends every frame's payload back, and remembers which handlers were there.
    private final class Echo: ChannelInboundHandler {
        typealias InboundIn = WebSocketFrame
        typealias OutboundOut = WebSocketFrame

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let frame = unwrapInboundIn(data)
            context.writeAndFlush(
                wrapOutboundOut(WebSocketFrame(fin: true, opcode: .binary, data: frame.unmaskedData)), promise: nil)
        }
    }

    private final class Seen: Sendable {
        let paths = Mutex<[String]>([])
        let (pipelines, pipelineSeen) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(1))
    }

    private func configure(_ seen: Seen) -> (inout HTTPServer.Configuration) -> Void {
        { configuration in
            configuration.webSocketRoute = { request in
                guard !FrontDoor.isSignalling(request.path) else { return nil }
                seen.paths.withLock { $0.append(request.path) }
                return WebSocketRoute(maxFrameSize: 1024) { channel in
                    let operations = channel.pipeline.syncOperations
                    try? operations.addHandler(Echo())
                    // The decoder leaves on the loop's next turn.
                    channel.eventLoop.execute {
                        channel.eventLoop.execute {
                            seen.pipelineSeen.yield(channel.pipeline.debugDescription)
                        }
                    }
                }
            }
        }
    }

    @Test(
        "any path becomes a WebSocket, and frames sent with the request are not lost", arguments: ["/", "/p2p/Qm?x=1"])
    func upgrade(path: String) async throws {
        let seen = Seen()
        try await withServer(configure(seen)) { address, server in
            // A masked binary frame of two bytes, with a mask of zeros, follows at once.
            let frame: [UInt8] = [0x82, 0x82, 0, 0, 0, 0] + Array("hi".utf8)
            let answer = try await RawClient.connect(address)
                .exchange("GET \(path) HTTP/1.1\r\n" + Self.handshake, frame) { $0.hasSuffix("hi") }
            #expect(answer.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
            // The key's answer from RFC 6455, section 1.3.
            #expect(answer.lowercased().contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="))
            #expect(seen.paths.withLock { $0 } == [String(path.prefix { $0 != "?" })])
            #expect(server.connectionCount == 0)
            // The answer may overtake the note.
            let pipeline = try #require(await seen.pipelines.first { _ in true })
            #expect(pipeline.contains("Echo") && pipeline.contains("WebSocketFrameDecoder"))
            #expect(!pipeline.contains("HTTP"))
        }
    }

    @Test("socket.io's paths are not libp2p's", arguments: ["/socket.io/?EIO=3", "/socket.io-next/", "/socket.io"])
    func signalling(path: String) async throws {
        let seen = Seen()
        try await withServer(configure(seen)) { address, _ in
            let answer = try await RawClient.connect(address)
                .exchange("GET \(path) HTTP/1.1\r\n" + Self.handshake, until: untilClosed)
            #expect(answer.hasPrefix("HTTP/1.1 404"))
            #expect(seen.paths.withLock { $0 }.isEmpty)
        }
    }

    @Test("a connection that served a page first can still become a WebSocket")
    func reused() async throws {
        let seen = Seen()
        try await withServer(configure(seen)) { address, _ in
            let answers = try await RawClient.connect(address).exchanges([
                ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", untilAnswered),
                ("GET /ws HTTP/1.1\r\n" + Self.handshake, { $0.hasSuffix("\r\n\r\n") }),
            ])
            #expect(answers[0].hasPrefix("HTTP/1.1 200"))
            #expect(answers[1].hasPrefix("HTTP/1.1 101"))
        }
    }

    @Test("a handshake without key or version is answered 400")
    func badHandshake() async throws {
        try await withServer(configure(Seen())) { address, _ in
            let answer = try await RawClient.connect(address).exchange(
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", until: untilClosed)
            #expect(answer.hasPrefix("HTTP/1.1 400"))
        }
    }

    @Test("another upgrade is not taken: the request is answered as it is, and the connection ends")
    func otherUpgrade() async throws {
        try await withServer(configure(Seen())) { address, _ in
            let answer = try await RawClient.connect(address).exchange(
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                    + "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n", until: untilClosed)
            #expect(answer.hasPrefix("HTTP/1.1 200"))
            #expect(answer.lowercased().contains("connection: close"))
        }
    }
}
