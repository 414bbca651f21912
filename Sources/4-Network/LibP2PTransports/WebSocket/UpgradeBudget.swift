import NIOCore

/// Bounds a HTTP upgrade in time and bytes, from the connection's first byte until it is removed. Stands below the HTTP
/// handlers.
final class UpgradeBudget: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What was exceeded.
    enum Excess {
        case time
        case size
    }

    /// The bytes of a request or response with all its headers. Browsers' cookies are the longest part.
    static let maxBytes = 16 * 1024

    private let time: TimeAmount
    private let onExcess: (Excess) -> ByteBuffer?
    private var byteCount = 0
    private var timer: Scheduled<Void>?
    private var context: ChannelHandlerContext?

    /// - Parameter onExcess: gives what to answer before the channel is closed.
    init(time: Duration, onExcess: @escaping (Excess) -> ByteBuffer?) {
        self.time = TimeAmount(time)
        self.onExcess = onExcess
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: time) { self.exceed(.time) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        byteCount += unwrapInboundIn(data).readableBytes
        guard byteCount <= Self.maxBytes else { return exceed(.size) }
        context.fireChannelRead(data)
    }

    private func exceed(_ excess: Excess) {
        if context != nil { close(answering: onExcess(excess)) }
    }

    /// Sends bytes past the HTTP handlers, if there are any, and closes.
    func close(answering answer: ByteBuffer?) {
        guard let context else { return }
        end()
        if let answer { context.writeAndFlush(wrapOutboundOut(answer), promise: nil) }
        context.close(promise: nil)
    }

    private func end() {
        timer?.cancel()
        context = nil
    }
}
