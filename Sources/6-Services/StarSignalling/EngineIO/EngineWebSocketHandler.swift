import LibP2PCore
import NIOCore
import NIOWebSocket
import Synchronization

/// Turns a WebSocket's frames into whole messages for a session, and writes the session's frames as they are.
///
/// It lives on its channel's loop. The session usually lives there too; it does not when the client began to poll by another
/// loop's connection. Then both directions hop, and what is under way is counted and bounded.
// SAFETY: all mutable state but the atomic counters is touched on `executor`'s loop only, which every entry that other loops
// use reaches by a hop.
final class EngineWebSocketHandler: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    /// A message, put together from its fragments.
    struct Message: Sendable {
        let bytes: ByteBuffer
        let isBinary: Bool
    }

    private let connection: EngineConnection
    private let executor: LoopExecutor
    private let maxPayload: Int
    private let unsentLimit: Int

    private var context: ChannelHandlerContext?
    /// Stands where frames are encoded already.
    private var encodedContext: ChannelHandlerContext?
    private var fragments: Message?
    private var isClosing = false
    private var closeReason = CloseReason.transportClosed
    private var isFlushPlanned = false
    /// Rings when the socket has taken nothing for long.
    private var stallTimer: Scheduled<Void>?
    /// Writes since the socket was last able to take any.
    private var writesBehind = 0
    /// What the session's loop has handed over and the channel has not been given.
    private let handedOver = Atomic<Int>(0)
    /// Bytes of messages that the session's loop has not looked at.
    private var unread = 0
    private var isReadingHeld = false

    init(_ connection: EngineConnection, executor: LoopExecutor) {
        self.connection = connection
        self.executor = executor
        maxPayload = connection.server.settings.maxPayload
        unsentLimit = connection.server.settings.unsentLimit
    }

    /// Whether session and channel share a loop.
    private var isAtHome: Bool { executor === connection.executor }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        encodedContext = try? context.pipeline.syncOperations.context(handlerType: WebSocketFrameEncoder.self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        encodedContext = nil
    }

    // MARK: Outbound

    /// Writes frames, soon. Called on the session's loop.
    ///
    /// - Returns: false when more waits than may.
    func send(_ frames: ByteBuffer) -> Bool {
        guard !isAtHome else { return write(frames) }
        let cost = frames.readableBytes + EngineSettings.writeCost
        guard handedOver.add(cost, ordering: .relaxed).newValue <= unsentLimit else { return false }
        executor.loop.execute {
            self.handedOver.subtract(cost, ordering: .relaxed)
            if !self.write(frames) { self.lose(.slowReceiver) }
        }
        return true
    }

    /// What waits to be sent. Called on the session's loop.
    var unsentCost: Int {
        guard isAtHome else { return handedOver.load(ordering: .relaxed) }
        guard let context, !context.channel.isWritable else { return 0 }
        return buffered(context) + writesBehind * EngineSettings.writeCost
    }

    private func buffered(_ context: ChannelHandlerContext) -> Int {
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    private func write(_ frames: ByteBuffer) -> Bool {
        guard !isClosing, let context, let encodedContext else { return true }
        if context.channel.isWritable {
            writesBehind = 0
        } else {
            writesBehind += 1
            let cost = buffered(context) + frames.readableBytes + writesBehind * EngineSettings.writeCost
            guard cost <= unsentLimit else { return false }
        }
        encodedContext.write(NIOAny(frames), promise: nil)
        if !isFlushPlanned {
            isFlushPlanned = true
            executor.flushSoon(self)
        }
        return true
    }

    /// How long a client may take nothing of what waits for it: long before its heartbeat would end it.
    static let stallTime = Duration.seconds(10)

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stallTimer?.cancel()
        stallTimer = nil
        if !context.channel.isWritable { watchStall(since: buffered(context)) }
        context.fireChannelWritabilityChanged()
    }

    private func watchStall(since waiting: Int) {
        stallTimer = executor.schedule(after: Self.stallTime) { [weak self] in
            guard let self, let context = self.context, !self.isClosing else { return }
            let now = self.buffered(context)
            if now >= waiting { self.lose(.slowReceiver) } else { self.watchStall(since: now) }
        }
    }

    // MARK: Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        let frame = unwrapInboundIn(data)
        guard frame.maskKey != nil, frame.reservedBits.isEmpty else { return fail(.protocolError, .malformed) }
        switch frame.opcode {
        case .text, .binary:
            guard fragments == nil else { return fail(.protocolError, .malformed) }
            let message = Message(bytes: frame.unmaskedData, isBinary: frame.opcode == .binary)
            frame.fin ? deliver(message) : (fragments = message)
        case .continuation:
            join(frame)
        case .ping:
            // Who pings but does not read gets no answers: they would pile up here.
            guard context.channel.isWritable else { return }
            let pong = WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData)
            context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
        case .pong:
            break
        case .connectionClose:
            finish(.normalClosure)
        default:
            fail(.protocolError, .malformed)
        }
    }

    private func join(_ frame: WebSocketFrame) {
        guard let start = fragments else { return fail(.protocolError, .malformed) }
        fragments = nil
        var (bytes, part) = (start.bytes, frame.unmaskedData)
        guard bytes.readableBytes + part.readableBytes <= maxPayload else { return fail(.messageTooLarge, .tooLarge) }
        bytes.writeBuffer(&part)
        let message = Message(bytes: bytes, isBinary: start.isBinary)
        frame.fin ? deliver(message) : (fragments = message)
    }

    private func deliver(_ message: Message) {
        guard !isAtHome else { return connection.receive(message, from: self) }
        let cost = message.bytes.readableBytes + EngineSettings.writeCost
        unread += cost
        if unread > maxPayload, !isReadingHeld { holdReading(true) }
        connection.executor.loop.execute {
            self.connection.receive(message, from: self)
            self.executor.loop.execute { self.noteRead(cost) }
        }
    }

    private func noteRead(_ cost: Int) {
        unread -= cost
        if isReadingHeld, unread <= maxPayload { holdReading(false) }
    }

    private func holdReading(_ isHeld: Bool) {
        isReadingHeld = isHeld
        try? context?.channel.syncOptions?.setOption(.autoRead, value: !isHeld)
    }

    // MARK: Ends

    /// Ends the WebSocket. Called on the session's loop, which needs not be told.
    func close(_ reason: CloseReason) {
        let code: WebSocketErrorCode =
            switch reason {
            case .malformed, .overlap: .policyViolation
            case .tooLarge: .messageTooLarge
            case .shutdown: .goingAway
            default: .normalClosure
            }
        if isAtHome { finish(code) } else { executor.loop.execute { self.finish(code) } }
    }

    /// The other side broke the rules of WebSocket.
    private func fail(_ code: WebSocketErrorCode, _ reason: CloseReason) {
        closeReason = reason
        finish(code)
    }

    private func lose(_ reason: CloseReason) {
        closeReason = reason
        isClosing = true
        context?.close(promise: nil)
    }

    private func finish(_ code: WebSocketErrorCode) {
        guard !isClosing, let context else { return }
        isClosing = true
        var payload = context.channel.allocator.buffer(capacity: 2)
        payload.write(webSocketErrorCode: code)
        let frame = WebSocketFrame(fin: true, opcode: .connectionClose, data: payload)
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // NIO's own handler has answered what is wrong with a frame, and closes.
        if let error = error as? NIOWebSocketError {
            closeReason = error == .invalidFrameLength ? .tooLarge : .malformed
        }
        isClosing = true
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // HTTP connections outlive the end of what clients send; a WebSocket that says no more is over.
        if event as? ChannelEvent == .inputClosed { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosing = true
        stallTimer?.cancel()
        let reason = closeReason
        if isAtHome {
            connection.lost(self, reason)
        } else {
            connection.executor.loop.execute { self.connection.lost(self, reason) }
        }
        context.fireChannelInactive()
    }
}

extension EngineWebSocketHandler: LoopFlushing {
    func flushNow() {
        isFlushPlanned = false
        encodedContext?.flush()
    }
}
