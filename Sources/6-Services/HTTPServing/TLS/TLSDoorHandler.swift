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
    private var deadline: Scheduled<Void>?

    init(server: HTTPServer, door: TLSDoor, executor: LoopExecutor, place: ConnectionCensus.Place) {
        self.server = server
        self.door = door
        self.executor = executor
        self.place = place
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        deadline = executor.schedule(after: server.configuration.limits.headerTimeout) { [server] in
            server.countHandshake(.timedOut)
            channel.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if deadline != nil { end(.aborted) }
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
        switch reader.read(received) {
        // Records may hold a byte each.
        case .incomplete: if received.readableBytes > 2 * ClientHello.maxLength { refuse(.malformed, context) }
        case .foreign: refuseForeign(context)
        case .malformed: refuse(.malformed, context)
        case .complete(let hello): begin(hello, context)
        }
    }

    private func begin(_ hello: ClientHello, _ context: ChannelHandlerContext) {
        guard let credentials = door.context(hello) else { return refuse(.unknownName, context) }
        let pipeline = context.pipeline.syncOperations
        do {
            let end = HandshakeEndHandler(server: server, executor: executor, place: place, deadline: deadline)
            try pipeline.addHandlers(
                [NIOSSLServerHandler(context: credentials), end], position: .after(self))
        } catch {
            return refuse(.failed, context)
        }
        deadline = nil
        let first = received
        received = ByteBuffer()
        context.fireChannelRead(wrapInboundOut(first))
        context.fireChannelReadComplete()
        pipeline.removeHandler(self, promise: nil)
    }

    // MARK: Refusals

    private func refuse(_ outcome: HandshakeOutcome, _ context: ChannelHandlerContext) {
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

    private func end(_ outcome: HandshakeOutcome) {
        deadline?.cancel()
        deadline = nil
        received = ByteBuffer()
        server.countHandshake(outcome)
    }
}
