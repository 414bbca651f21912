import LibP2PCore
import NIOCore

/// Joins a muxer's rules to the channel below and to Core's streams above.
///
/// Everything happens on the channel's loop. Inbound bytes go through the session, and what it finds goes to the streams
/// at once. What streams want to send is only noted; at the end of the tick ``flushNow()`` gathers it into few buffers
/// and one flush. Callbacks of streams may come back into this object at any point, so no call into the session is ever
/// under way while a stream is called.
///
/// It is a protocol with extensions instead of a generic class, because the compiler specialises it for each session
/// only in this form: the methods of a generic class, called by NIO through its protocols, would stay generic and copy
/// the session at every turn.
protocol MuxerShell: MuxerState, ChannelDuplexHandler, StreamMuxer, LoopFlushing
where InboundIn == ByteBuffer, OutboundIn == Never, OutboundOut == ByteBuffer {
    associatedtype Session: MuxerSession

    var session: Session { get set }
}

/// The pipeline's side of the shell.
extension MuxerShell {
    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(NetworkError(.closed, "The muxer was taken off its channel."))
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasEnded else { return }
        session.receive(unwrapInboundIn(data))
        deliver()
    }

    /// The socket asks whether to be read on: not before there is somebody to read for, and not while a stream is full.
    func read(context: ChannelHandlerContext) {
        if mayRead { context.read() } else { isReadPending = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            writeTimer?.cancel()
            writeTimer = nil
            scheduleFlush()
        }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(NetworkError(.closed, "The peer closed the connection."))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let reason = error as? NetworkError ?? NetworkError(.closed, "The channel failed.", cause: error)
        end(reason)
        context.close(promise: nil)
    }

    // MARK: Inbound

    /// Begins to hand up; see `StreamMuxer.start(for:)`.
    func begin(for connection: Connection) {
        guard !hasEnded else {
            // Not from within: the owner may still be about to note the connection.
            return connection.executor.loop.execute {
                connection.muxerClosed(NetworkError(.closed, "The channel closed before the connection began."))
            }
        }
        self.connection = connection
        keepAlive()
        deliver()
        resumeReading()
    }

    /// Hands on all that the session has found.
    private func deliver() {
        guard connection != nil else { return }
        while let event = session.nextEvent() { deliver(event) }
        checkSession()
    }

    private func deliver(_ event: MuxerEvent) {
        switch event {
        case .opened(let handle):
            guard let stream = makeStream(handle, direction: .inbound) else { return }
            connection?.muxerAccepted(stream)
        case .data(let handle, let bytes):
            places[handle]?.receive(bytes)
        case .finished(let handle):
            guard let stream = places[handle] else { return }
            // Forgotten first: the number may be used again from here on.
            if session.number(of: handle) == nil { release(handle) }
            stream.receiveEnd()
        case .reset(let handle):
            guard let stream = places[handle] else { return }
            release(handle)
            stream.receiveFailure(NetworkError(.reset, "The peer reset stream \(stream.id)."))
        case .goingAway:
            break  // the session refuses to open streams from now on
        }
    }

    /// Draws the conclusions after anything has changed the session.
    func checkSession() {
        guard !hasEnded else { return }
        if let failure = session.failure { return endWithFarewell(failure.networkError) }
        if session.hasOutput { scheduleFlush() }
        if session.isCongested {
            holdReading()
        } else if congestionTimer != nil {
            congestionTimer?.cancel()
            congestionTimer = nil
            resumeReading()
        }
    }

    // MARK: Waits

    private var mayRead: Bool { connection != nil && !session.isCongested || hasEnded }

    private func resumeReading() {
        guard isReadPending, mayRead else { return }
        isReadPending = false
        context?.read()
    }

    /// Reading stops; if the reader of the full stream does not catch up in time, the stream is reset.
    private func holdReading() {
        guard congestionTimer == nil else { return }
        congestionTimer = schedule(after: timing.congestion) { handler in
            let full = handler.session.resetCongested()
            for handle in full {
                guard let stream = handler.places[handle] else { continue }
                handler.release(handle)
                stream.receiveFailure(
                    NetworkError(.refused, "Stream \(stream.id) was not read while more came than may be kept."))
            }
            handler.checkSession()
        }
    }

    private func keepAlive() {
        keepAliveTimer = schedule(after: timing.keepAlive) { handler in
            handler.session.tick()
            handler.checkSession()
            if !handler.hasEnded { handler.keepAlive() }
        }
    }

    /// The socket is full: it must take something within the write timeout.
    func watchWriting() {
        guard writeTimer == nil, !hasEnded else { return }
        writeTimer = schedule(after: timing.write) { handler in
            let failure = MuxerError(.writeTimeout, "the socket has been full for \(handler.timing.write)")
            handler.end(failure.networkError)
            handler.context?.close(promise: nil)
        }
    }

    func cancelTimers() {
        for timer in [keepAliveTimer, writeTimer, congestionTimer] { timer?.cancel() }
        keepAliveTimer = nil
        writeTimer = nil
        congestionTimer = nil
    }

    private func schedule(
        after delay: Duration, _ action: @escaping @Sendable (Self) -> Void
    ) -> Scheduled<Void>? {
        guard let loop = context?.eventLoop else { return nil }
        let bound = NIOLoopBound(self, eventLoop: loop)
        return loop.scheduleTask(in: TimeAmount(delay)) { action(bound.value) }
    }
}
