import LibP2PCore
import NIOCore

/// Runs multistream-select on a byte channel, then leaves the pipeline.
///
/// The promise is completed before bytes that follow the negotiation are passed on, so that its callbacks can put the
/// next handler in place.
final class NegotiationHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Side {
        case dialer(MultistreamDialer)
        case listener(MultistreamListener)
    }

    private var side: Side
    private let protocols: [ProtocolID]
    private let promise: EventLoopPromise<ProtocolID>
    private var unread = ByteBuffer()
    private var isDone = false

    /// - Parameter protocols: what to propose or accept, the preferred one first.
    init(role: HandshakeRole, protocols: [ProtocolID], promise: EventLoopPromise<ProtocolID>) {
        side = role == .dialer ? .dialer(MultistreamDialer(proposing: protocols)) : .listener(MultistreamListener())
        self.protocols = protocols
        self.promise = promise
    }

    func handlerAdded(context: ChannelHandlerContext) {
        guard case .dialer(let dialer) = side, context.channel.isActive else { return }
        open(dialer, context)
    }

    func channelActive(context: ChannelHandlerContext) {
        if case .dialer(let dialer) = side, !isDone { open(dialer, context) }
        context.fireChannelActive()
    }

    private func open(_ dialer: MultistreamDialer, _ context: ChannelHandlerContext) {
        do throws(NetworkError) {
            context.writeAndFlush(wrapOutboundOut(try dialer.opening()), promise: nil)
        } catch {
            fail(error, context)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        guard !isDone else { return context.fireChannelRead(data) }
        if unread.readableBytes == 0 { unread = bytes } else { unread.writeBuffer(&bytes) }
        do throws(NetworkError) {
            while !isDone, try step(context) {}
        } catch {
            fail(error, context)
        }
    }

    /// - Returns: whether a message was read.
    private func step(_ context: ChannelHandlerContext) throws(NetworkError) -> Bool {
        switch side {
        case .dialer(var dialer):
            let step = try dialer.next(from: &unread)
            side = .dialer(dialer)
            switch step {
            case nil: return false
            case .more: break
            case .propose(let bytes): context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
            case .agreed(let protocolID): finish(protocolID, context)
            }
        case .listener(var listener):
            let step = try listener.next(
                from: &unread, supports: { protocols.contains($0) }, protocols: { protocols })
            side = .listener(listener)
            switch step {
            case nil: return false
            case .more: break
            case .reply(let bytes): context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
            case .agreed(let protocolID, let reply):
                context.writeAndFlush(wrapOutboundOut(reply), promise: nil)
                finish(protocolID, context)
            }
        }
        return true
    }

    private func finish(_ protocolID: ProtocolID, _ context: ChannelHandlerContext) {
        isDone = true
        promise.succeed(protocolID)
        let rest = unread
        unread = ByteBuffer()
        if rest.readableBytes > 0 {
            context.fireChannelRead(wrapInboundOut(rest))
            context.fireChannelReadComplete()
        }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    private func fail(_ error: NetworkError, _ context: ChannelHandlerContext) {
        isDone = true
        unread = ByteBuffer()
        promise.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isDone {
            isDone = true
            promise.fail(NetworkError(.closed, "The connection was closed during the negotiation of \(protocols)."))
        }
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        if !isDone {
            isDone = true
            promise.fail(NetworkError(.closed, "The negotiation of \(protocols) was abandoned."))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isDone else { return context.fireErrorCaught(error) }
        fail(NetworkError(.closed, "The connection failed during negotiation.", cause: error), context)
    }
}
