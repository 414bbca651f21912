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
    private var deadline: Scheduled<Void>?

    init(
        server: HTTPServer, executor: LoopExecutor, place: ConnectionCensus.Place, challengeProtocol: String?,
        deadline: Scheduled<Void>?
    ) {
        self.challengeProtocol = challengeProtocol
        self.server = server
        self.executor = executor
        self.place = place
        self.deadline = deadline
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSUserEvent.handshakeCompleted(let negotiated):
            end(.completed)
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
        case is HandshakeTimeout:
            end(.timedOut)
            context.close(promise: nil)
        case is ChannelShouldQuiesceEvent:
            context.close(promise: nil)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if deadline != nil {
            server.logger.debug("a TLS handshake failed", metadata: ["error": "\(error)"])
            end(.failed)
        }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if deadline != nil { end(.aborted) }
        context.fireChannelInactive()
    }

    private func end(_ outcome: HandshakeOutcome) {
        deadline?.cancel()
        deadline = nil
        server.countHandshake(outcome)
    }
}

/// The time for a handshake is over.
struct HandshakeTimeout: Sendable {}

/// What became of a TLS handshake.
enum HandshakeOutcome: String, CaseIterable {
    case completed
    /// The client speaks something else.
    case plain
    /// Its first message is none.
    case malformed
    /// There is no certificate for the name it asks for.
    case unknownName = "unknown_name"
    /// The two sides have no version or cipher in common, or the client does not trust the certificate.
    case failed
    /// The client went away.
    case aborted
    case timedOut = "timed_out"
}
