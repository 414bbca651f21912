import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Keeps a request on a stream of HTTP/2 to its times, and its answer to what HTTP/2 allows.
final class HTTP2StreamHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// Fields that speak of a connection of HTTP/1 (RFC 9113, section 8.2.2).
    private static let connectionFields: [HTTPField.Name] = [.connection, .transferEncoding, .upgrade]

    private let limits: HTTPLimits
    private var deadline: Scheduled<Void>?
    private var hasWholeRequest = false
    /// What came in the stream's first turn of the loop; nil after it. No more than a window of bytes.
    private var held: [HTTPRequestPart]? = []

    init(limits: HTTPLimits) {
        self.limits = limits
    }

    func handlerAdded(context: ChannelHandlerContext) {
        arm(limits.bodyTimeout, context)
        // NIO's connection management learns of a stream only after the stream's first bytes were read; a stream that is
        // answered and closed by then would be unknown to it.
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.execute {
            let (handler, context) = bound.value
            handler.release(context)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    private func release(_ context: ChannelHandlerContext) {
        let parts = held ?? []
        held = nil
        for part in parts { pass(part, context) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if held != nil { held?.append(part) } else { pass(part, context) }
    }

    private func pass(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
        if case .end = part {
            hasWholeRequest = true
            arm(nil, context)
        }
        context.fireChannelRead(wrapInboundOut(part))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            for name in Self.connectionFields { head.headerFields[name] = nil }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            guard !hasWholeRequest else { return context.write(data, promise: promise) }
            // The rest of a request that was answered early is not read.
            let written = promise ?? context.eventLoop.makePromise()
            let channel = context.channel
            written.futureResult.whenComplete { _ in channel.close(promise: nil) }
            context.write(data, promise: written)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if hasWholeRequest { arm(context.channel.isWritable ? nil : limits.stallTimeout, context) }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func arm(_ time: Duration?, _ context: ChannelHandlerContext) {
        deadline?.cancel()
        let channel = context.channel
        deadline = time.map { time in
            context.eventLoop.scheduleTask(in: TimeAmount(time)) { channel.close(promise: nil) }
        }
    }
}
