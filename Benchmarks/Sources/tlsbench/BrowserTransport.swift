import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket

/// Dials WebSockets with and without TLS, as browsers do, which our own transport does not. The same code for both.
struct BrowserTransport: Transport {
    private let context: NIOSSLContext

    init(trusting file: String) throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(file)
        configuration.applicationProtocols = ["http/1.1"]
        context = try NIOSSLContext(configuration: configuration)
    }

    func canDial(_ address: Multiaddr) -> Bool {
        [[.ip4, .tcp, .ws], [.ip4, .tcp, .tls, .ws]].contains(address.protocols.filter { $0 != .p2p })
    }

    func canListen(on address: Multiaddr) -> Bool { false }

    func listen(
        on address: Multiaddr, upgrader: any ConnectionUpgrader, loops: LoopGroup
    ) async throws -> any Listener {
        throw NetworkError(.unsupportedAddress, "Browsers do not listen.")
    }

    func dial(
        _ address: Multiaddr, expecting peer: PeerID?, upgrader: any ConnectionUpgrader, on executor: LoopExecutor
    ) async throws -> Connection {
        guard let ip = address.ipAddress, let port = address.tcpPort,
            let bootstrap = ClientBootstrap(validatingGroup: executor.loop)
        else { throw NetworkError(.unsupportedAddress, "\(address) cannot be dialled.") }
        let end = ConnectionEnd(
            role: .dialer, executor: executor, localAddress: address, remoteAddress: address, expectedPeer: peer)
        let context = address.protocols.contains(.tls) ? context : nil
        let promise = executor.loop.makePromise(of: Connection.self)
        bootstrap
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Self.install(on: channel, context) { channel in
                        promise.completeWith(upgrader.upgrade(channel, end))
                    }
                }
            }
            .connect(host: "\(ip)", port: Int(port))
            .whenFailure { promise.fail($0) }
        return try await promise.futureResult.get()
    }

    private static func install(
        on channel: any Channel, _ context: NIOSSLContext?, takeOver: @escaping @Sendable (any Channel) -> Void
    ) throws {
        let operations = channel.pipeline.syncOperations
        if let context {
            try operations.addHandler(NIOSSLClientHandler(context: context, serverHostname: "localhost"))
        }
        let request = UpgradeRequest()
        let bound = NIOLoopBound(request, eventLoop: channel.eventLoop)
        let upgrader = NIOWebSocketClientUpgrader(
            maxFrameSize: 1 << 20, automaticErrorHandling: false,
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture {
                    channel.pipeline.syncOperations.removeHandler(bound.value, promise: nil)
                    try channel.pipeline.syncOperations.addHandler(FrameHandler())
                    takeOver(channel)
                }
            })
        try operations.addHTTPClientHandlers(
            leftOverBytesStrategy: .forwardBytes,
            withClientUpgrade: (upgraders: [upgrader], completionHandler: { _ in }))
        try operations.addHandler(request)
    }
}

/// Asks for the upgrade.
private final class UpgradeRequest: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    func channelActive(context: ChannelHandlerContext) {
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: ["Host": "localhost"])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}

/// Bytes to masked binary frames, one for each flush, and frames to bytes.
private final class FrameHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = WebSocketFrame

    private var gathered = ByteBuffer()

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireChannelRead(wrapInboundOut(unwrapInboundIn(data).unmaskedData))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        var bytes = unwrapOutboundIn(data)
        if gathered.readableBytes == 0 { gathered = bytes } else { gathered.writeBuffer(&bytes) }
        promise?.succeed()
    }

    func flush(context: ChannelHandlerContext) {
        if gathered.readableBytes > 0 {
            let frame = WebSocketFrame(fin: true, opcode: .binary, maskKey: .random(), data: gathered)
            gathered = ByteBuffer()
            context.write(wrapOutboundOut(frame), promise: nil)
        }
        context.flush()
    }
}
