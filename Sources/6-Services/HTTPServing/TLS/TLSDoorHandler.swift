import LibP2PCore
import NIOCore
import NIOSSL

/// Waits for a client's first message, chooses the certificate by it, and leaves the rest of the handshake to NIOSSL.
final class TLSDoorHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let server: HTTPServer
    private let door: TLSDoor
    private let executor: LoopExecutor
    private let place: ConnectionCensus.Place
    private var received = ByteBuffer()
    private var reader = ClientHelloReader()
    /// Whether the certificate is being looked for. What comes meanwhile is kept.
    private var isChoosing = false
    private var handshake: TLSHandshake?

    init(server: HTTPServer, door: TLSDoor, executor: LoopExecutor, place: ConnectionCensus.Place) {
        self.server = server
        self.door = door
        self.executor = executor
        self.place = place
    }

    func handlerAdded(context: ChannelHandlerContext) {
        handshake = TLSHandshake(on: context.channel, server: server, executor: executor)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.aborted)
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent: context.close(promise: nil)
        case let event as ChannelEvent where event == .inputClosed: context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if received.readableBytes == 0 { received = bytes } else { received.writeBuffer(&bytes) }
        guard !isChoosing else {
            // A client has nothing more to say before it is answered.
            if received.readableBytes > 2 * ClientHello.maxLength { refuse(.malformed, context) }
            return
        }
        switch reader.read(received) {
        // Records may hold a byte each.
        case .incomplete: if received.readableBytes > 2 * ClientHello.maxLength { refuse(.malformed, context) }
        case .foreign: refuseForeign(context)
        case .malformed: refuse(.malformed, context)
        case .complete(let hello):
            if door.isChallenge(hello) { find(hello, context) } else { begin(with: door.context(hello), context) }
        }
    }

    /// Looks for the certificate of a challenge, which another machine may have to be asked for.
    private func find(_ hello: ClientHello, _ context: ChannelHandlerContext) {
        isChoosing = true
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let (door, loop) = (door, context.eventLoop)
        executor.spawn {
            let credentials = await door.challenge(hello)
            loop.execute {
                let (handler, context) = bound.value
                // The client may have gone, or its time be over.
                guard context.channel.isActive else { return }
                handler.begin(with: credentials, context)
            }
        }
    }

    private func begin(with credentials: NIOSSLContext?, _ context: ChannelHandlerContext) {
        guard let handshake else { return }
        guard let credentials else { return refuse(.unknownName, context) }
        let pipeline = context.pipeline.syncOperations
        do {
            let end = HandshakeEndHandler(
                server: server, executor: executor, place: place, challengeProtocol: door.challengeProtocol,
                handshake: handshake)
            try pipeline.addHandlers(
                [NIOSSLServerHandler(context: credentials), end], position: .after(self))
        } catch {
            return refuse(.failed, context)
        }
        self.handshake = nil
        let first = received
        received = ByteBuffer()
        context.fireChannelRead(wrapInboundOut(first))
        context.fireChannelReadComplete()
        pipeline.removeHandler(self, promise: nil)
    }

    // MARK: Refusals

    private func refuse(_ outcome: TLSHandshakeOutcome, _ context: ChannelHandlerContext) {
        end(outcome)
        context.close(promise: nil)
    }

    /// Who asks in plain HTTP is told so: a person may sit behind it.
    private func refuseForeign(_ context: ChannelHandlerContext) {
        let isText = received.readableBytesView.first.map { (0x41...0x5A).contains($0) } == true
        end(.plain)
        if isText {
            let text = "This port speaks TLS: use https:// or wss://.\n"
            let answer =
                "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n"
                + "content-length: \(text.utf8.count)\r\n\r\n" + text
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        }
        context.close(promise: nil)
    }

    private func end(_ outcome: TLSHandshakeOutcome) {
        handshake?.end(outcome)
        handshake = nil
        received = ByteBuffer()
    }
}
