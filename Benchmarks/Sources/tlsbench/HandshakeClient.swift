import Measuring
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// Makes connections of TLS 1.3 that resume nothing, and closes them as soon as the handshake has ended on both sides.
struct HandshakeClient {
    private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let context: NIOSSLContext

    /// - Parameter isPostQuantum: whether it offers X25519MLKEM768 before X25519, as browsers do today.
    init(trusting file: String, protocols: [String], isPostQuantum: Bool) throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(file)
        configuration.minimumTLSVersion = .tlsv13
        configuration.curves = (isPostQuantum ? [.x25519_MLKEM768] : []) + [.x25519, .secp256r1, .secp384r1]
        configuration.applicationProtocols = protocols
        context = try NIOSSLContext(configuration: configuration)
    }

    func shakeHands(port: Int) async throws {
        let (channel, ready) = try await ClientBootstrap(group: Self.group)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let ready = channel.eventLoop.makePromise(of: Void.self)
                    try channel.pipeline.syncOperations.addHandlers([
                        NIOSSLClientHandler(context: context, serverHostname: "localhost"), ReadyHandler(ready),
                    ])
                    return (channel, ready.futureResult)
                }
            }
        try await ready.get()
        // This waits for the server's own goodbye, so that its side of the handshake has ended; some say none.
        try? await channel.close().get()
    }
}

/// Tells when the handshake has ended.
private final class ReadyHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let ready: EventLoopPromise<Void>

    init(_ ready: EventLoopPromise<Void>) { self.ready = ready }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event { ready.succeed() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        ready.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { ready.fail(BenchmarkError("The server hangs up.")) }
}
