import LibP2PCore
import Logging
import NIOCore
import NIOSSL
import NIOTLS

/// Builds the pipeline that a client wants when its TLS handshake has ended.
final class HandshakeEndHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let server: HTTPServer
    private let executor: LoopExecutor
    private let place: ConnectionCensus.Place
    private let challengeProtocol: String?
    private let handshake: TLSHandshake

    init(
        server: HTTPServer, executor: LoopExecutor, place: ConnectionCensus.Place, challengeProtocol: String?,
        handshake: TLSHandshake
    ) {
        self.challengeProtocol = challengeProtocol
        self.server = server
        self.executor = executor
        self.place = place
        self.handshake = handshake
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSUserEvent.handshakeCompleted(let negotiated):
            handshake.end(.completed)
            // Who came for a certificate has seen it.
            if let negotiated, negotiated == challengeProtocol { return context.close(promise: nil) }
            do {
                if negotiated == "h2" {
                    try HTTP2Pipeline.configure(context.channel, server: server, executor: executor)
                } else {
                    try HTTP1Pipeline.configure(
                        context.channel, server: server, executor: executor, place: place, isSecure: true)
                }
                context.pipeline.syncOperations.removeHandler(self, promise: nil)
            } catch {
                server.logger.error("a connection could not be set up", metadata: ["error": "\(error)"])
                context.close(promise: nil)
            }
        case is ChannelShouldQuiesceEvent:
            context.close(promise: nil)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A connection's end comes as an error too; then it is not that the two sides could not agree.
        let isGone = error is IOError || !context.channel.isActive
        handshake.end(isGone ? .aborted : .failed, because: error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        handshake.end(.aborted)
        context.fireChannelInactive()
    }
}
