internal import LibP2PCore
internal import NIOCore

/// Secures a connection with Noise: it does the handshake, and is the connection's cipher from then on.
///
/// Writes of one tick are gathered until the flush and leave in as few frames as possible. Whatever is wrong with the
/// peer's bytes ends the connection. Time is not limited here; whoever waits for the result closes the channel when the
/// wait is over.
final class NoiseHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The handshake is boxed, so that a connection does not keep room for it when it is over.
    private enum Phase {
        indirect case idle(NoiseHandshake)
        indirect case handshaking(NoiseHandshake, NoiseFrameReader)
        case secured(NoiseTransport)
        case closed
    }

    private var phase: Phase
    private var result: EventLoopPromise<SecuredPeer>?
    private var queue = NoiseWriteQueue()
    /// Whether something was handed on since the last read; if not, whoever asked for a read is still waiting.
    private var hasDelivered = false

    /// - Parameters:
    ///   - handshake: not yet begun.
    ///   - result: gets the outcome, before any byte of the layer above is handed on.
    init(handshake: NoiseHandshake, result: EventLoopPromise<SecuredPeer>) {
        phase = .idle(handshake)
        self.result = result
    }

    /// Begins at once on a connection that stands.
    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    /// Fails what waits: without this handler there is no cipher.
    func handlerRemoved(context: ChannelHandlerContext) {
        end(with: SecurityError(.closed, "the Noise handler was removed"))
    }

    /// Begins as soon as the connection stands.
    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    /// Fails what waits.
    func channelInactive(context: ChannelHandlerContext) {
        end(with: SecurityError(.closed, "the connection closed during the Noise handshake"))
        context.fireChannelInactive()
    }

    /// Takes bytes of the handshake or frames.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do {
            try receive(unwrapInboundIn(data), context)
        } catch {
            fail(error, context)
        }
    }

    /// Reads on by itself while there is nothing to hand on, as the layer above cannot know why nothing comes.
    func channelReadComplete(context: ChannelHandlerContext) {
        if !hasDelivered { context.read() }
        hasDelivered = false
        context.fireChannelReadComplete()
    }

    /// Keeps the bytes until the flush.
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .closed = phase {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        queue.append(unwrapOutboundIn(data), promise: promise)
    }

    /// Encrypts what was written. During the handshake it waits for the keys.
    func flush(context: ChannelHandlerContext) {
        do {
            try sealQueue(context)
            context.flush()
        } catch {
            fail(error, context)
        }
    }

    /// Sends what was written before the writing side closes; a full close drops what was not flushed, as sockets do.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if case .output = mode { flush(context: context) }
        context.close(mode: mode, promise: promise)
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard case .idle(var handshake) = phase else { return }
        do {
            let hello = try handshake.start()
            phase = .handshaking(handshake, NoiseFrameReader())
            if let hello { send(hello, context) }
        } catch {
            fail(error, context)
        }
    }

    private func receive(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) throws(SecurityError) {
        var buffer = buffer
        while case .handshaking(var handshake, var reader) = phase {
            phase = .closed
            guard let message = try reader.next(from: &buffer, limit: NoiseHandshake.maxMessageLength) else {
                phase = .handshaking(handshake, reader)
                return
            }
            let step = try handshake.receive(Array(message.readableBytesView))
            if let reply = step.reply { send(reply, context) }
            if let outcome = step.outcome {
                try secure(outcome, reader, context)
            } else {
                phase = .handshaking(handshake, reader)
            }
        }
        guard case .secured(var transport) = phase, buffer.readableBytes > 0 else { return }
        phase = .closed
        let plaintext = try transport.open(buffer, allocator: context.channel.allocator)
        phase = .secured(transport)
        guard let plaintext, plaintext.readableBytes > 0 else { return }
        hasDelivered = true
        context.fireChannelRead(wrapInboundOut(plaintext))
    }

    private func secure(
        _ outcome: NoiseHandshake.Outcome, _ reader: NoiseFrameReader, _ context: ChannelHandlerContext
    ) throws(SecurityError) {
        phase = .secured(
            try NoiseTransport(sendKey: outcome.sendKey, receiveKey: outcome.receiveKey, reader: reader))
        let waiting = result
        result = nil
        waiting?.succeed(outcome.peer)
        if !queue.isEmpty { flush(context: context) }
    }

    private func send(_ message: [UInt8], _ context: ChannelHandlerContext) {
        let frame = NoiseFrame.wrap(message, allocator: context.channel.allocator)
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    }

    private func sealQueue(_ context: ChannelHandlerContext) throws(SecurityError) {
        guard case .secured(let transport) = phase else { return }
        while !queue.isEmpty {
            let frame = try transport.seal(&queue, allocator: context.channel.allocator)
            context.write(wrapOutboundOut(frame), promise: queue.takePromise())
        }
    }

    private func fail(_ error: SecurityError, _ context: ChannelHandlerContext) {
        end(with: error)
        context.fireErrorCaught(error)
        context.close(promise: nil)
    }

    private func end(with error: SecurityError) {
        phase = .closed
        let waiting = result
        result = nil
        waiting?.fail(error)
        queue.fail(ChannelError.ioOnClosedChannel)
    }
}
