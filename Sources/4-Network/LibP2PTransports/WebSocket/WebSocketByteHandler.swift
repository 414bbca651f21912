import LibP2PCore
import NIOCore
import NIOWebSocket

/// Turns WebSocket frames into bytes and bytes into frames (RFC 6455; libp2p/specs websockets): the borders of frames
/// mean nothing. Stands behind NIO's frame encoder and decoder.
///
/// Inbound it takes binary frames, whole or in fragments, answers pings, and closes with the code that fits on anything
/// else. Outbound it gathers what is written until a flush and sends it as one frame.
final class WebSocketByteHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = WebSocketFrame

    /// The longest frame made by joining writes; a single longer write is sent as it is.
    static let maxJoinedFrame = 64 * 1024

    private let role: HandshakeRole
    private var gathered = ByteBuffer()
    private var promises: [EventLoopPromise<Void>] = []
    private var isInMessage = false
    private var isClosing = false

    /// - Parameter role: clients mask what they send, servers do not, and each insists that the other does as it should.
    init(role: HandshakeRole) { self.role = role }

    // MARK: Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        let frame = unwrapInboundIn(data)
        guard (frame.maskKey != nil) == (role == .listener) else {
            return fail(.protocolError, "A WebSocket frame is masked the wrong way.", context)
        }
        guard frame.reservedBits.isEmpty else {
            return fail(.protocolError, "A WebSocket frame uses extensions that were not agreed.", context)
        }
        switch frame.opcode {
        case .binary: readData(frame, startsMessage: true, context)
        case .continuation: readData(frame, startsMessage: false, context)
        case .ping: pong(frame.unmaskedData, context)
        case .pong: break
        case .connectionClose: answerClose(context)
        case .text: fail(.unacceptableData, "The peer sends text in WebSocket frames; libp2p is binary.", context)
        default: fail(.protocolError, "A WebSocket frame has the unknown kind \(frame.opcode).", context)
        }
    }

    private func readData(_ frame: WebSocketFrame, startsMessage: Bool, _ context: ChannelHandlerContext) {
        guard startsMessage != isInMessage else {
            return fail(.protocolError, "The fragments of a WebSocket message are out of order.", context)
        }
        isInMessage = !frame.fin
        let bytes = frame.unmaskedData
        if bytes.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(bytes)) }
    }

    private func pong(_ payload: ByteBuffer, _ context: ChannelHandlerContext) {
        // A peer that pings but does not read gets no answers: they would pile up here.
        guard context.channel.isWritable else { return }
        context.writeAndFlush(wrapOutboundOut(frame(.pong, payload)), promise: nil)
    }

    private func answerClose(_ context: ChannelHandlerContext) {
        isClosing = true
        sendClose(.normalClosure, context)
        context.close(promise: nil)
    }

    private func fail(_ code: WebSocketErrorCode, _ message: String, _ context: ChannelHandlerContext) {
        isClosing = true
        sendClose(code, context)
        context.fireErrorCaught(NetworkError(.malformed, message))
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? NIOWebSocketError, !isClosing else { return context.fireErrorCaught(error) }
        let isTooLong = error == .invalidFrameLength
        fail(isTooLong ? .messageTooLarge : .protocolError, "A WebSocket frame is malformed: \(error).", context)
    }

    // MARK: Outbound

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isClosing else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        var bytes = unwrapOutboundIn(data)
        if gathered.readableBytes + bytes.readableBytes > Self.maxJoinedFrame { sendGathered(context) }
        if gathered.readableBytes == 0 { gathered = bytes } else { gathered.writeBuffer(&bytes) }
        if let promise { promises.append(promise) }
    }

    func flush(context: ChannelHandlerContext) {
        sendGathered(context)
        context.flush()
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .all, !isClosing else { return context.close(mode: mode, promise: promise) }
        isClosing = true
        sendGathered(context)
        sendClose(.normalClosure, context)
        context.close(mode: mode, promise: promise)
    }

    private func sendGathered(_ context: ChannelHandlerContext) {
        let bytes = gathered
        let waiting = promises
        gathered = ByteBuffer()
        promises = []
        guard bytes.readableBytes > 0 else { return waiting.forEach { $0.succeed(()) } }
        var promise = waiting.first
        if waiting.count > 1 {
            let all = context.eventLoop.makePromise(of: Void.self)
            for one in waiting { all.futureResult.cascade(to: one) }
            promise = all
        }
        context.write(wrapOutboundOut(frame(.binary, bytes)), promise: promise)
    }

    private func sendClose(_ code: WebSocketErrorCode, _ context: ChannelHandlerContext) {
        var payload = context.channel.allocator.buffer(capacity: 2)
        payload.write(webSocketErrorCode: code)
        context.writeAndFlush(wrapOutboundOut(frame(.connectionClose, payload)), promise: nil)
    }

    private func frame(_ opcode: WebSocketOpcode, _ payload: ByteBuffer) -> WebSocketFrame {
        WebSocketFrame(fin: true, opcode: opcode, maskKey: role == .dialer ? .random() : nil, data: payload)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        for promise in promises { promise.fail(ChannelError.ioOnClosedChannel) }
        promises = []
    }
}
