internal import LibP2PCore
internal import NIOCore
internal import NIOSSL
internal import NIOTLS

/// Stands behind the TLS handler until the handshake is over, then tells its result and leaves the pipeline.
final class TLSHandshakeWaiter: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let verdict: TLSVerdict
    private let offer: [ProtocolID]
    private var result: EventLoopPromise<SecuredPeer>?

    init(verdict: TLSVerdict, offer: [ProtocolID], result: EventLoopPromise<SecuredPeer>) {
        self.verdict = verdict
        self.offer = offer
        self.result = result
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        do {
            finish(.success(try conclude(negotiated)))
            context.fireUserInboundEventTriggered(event)
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        } catch {
            fail(error, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .failure(let reason)? = verdict.result {
            // The library knows only that the callback said no.
            fail(reason, context)
        } else {
            fail(SecurityError(.malformed, "the TLS handshake failed", cause: error), context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(.failure(SecurityError(.closed, "the connection closed during the TLS handshake")))
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        finish(.failure(SecurityError(.closed, "the connection was torn down during the TLS handshake")))
    }

    private func conclude(_ negotiated: String?) throws(SecurityError) -> SecuredPeer {
        // A resumed session would bring no certificate to look at; then there is no identity either.
        guard let verified = verdict.result else {
            throw SecurityError(.invalidProof, "the TLS handshake ended without a look at the peer's certificate")
        }
        let key = try verified.get()
        guard let negotiated else {
            throw SecurityError(.noCommonProtocol, "the peer shares no ALPN protocol with us; libp2p is always offered")
        }
        let muxer = offer.first { $0.name == negotiated }
        guard muxer != nil || negotiated == TLS.fallback else {
            throw SecurityError(.noCommonProtocol, "the peer chose an ALPN protocol that was not offered")
        }
        return SecuredPeer(publicKey: key, muxer: muxer)
    }

    private func fail(_ error: SecurityError, _ context: ChannelHandlerContext) {
        finish(.failure(error))
        context.fireErrorCaught(error)
        context.close(promise: nil)
    }

    private func finish(_ outcome: Result<SecuredPeer, SecurityError>) {
        guard let waiting = result else { return }
        result = nil
        waiting.completeWith(outcome.mapError { $0 as any Error })
    }
}
