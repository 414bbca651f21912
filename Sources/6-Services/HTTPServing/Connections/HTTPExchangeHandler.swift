import HTTPTypes
import Hummingbird
import LibP2PCore
import Multiformats
import NIOCore
import NIOHTTPTypes

/// Gathers a request, lets the responder answer it, and writes the answer.
///
/// It knows nothing of HTTP/1, so that it will also serve the streams of HTTP/2. One request is under way at a time: the
/// pipelining handler below holds the next one back.
final class HTTPExchangeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundOut = HTTPResponsePart

    private enum State {
        case idle
        /// A request whose body is not complete.
        case gathering(HTTPRequest, ByteBuffer, limit: Int)
        /// A request that was answered before its body was complete: the rest is passed over.
        case refused
        case answering(Task<Void, Never>)
    }

    private let server: HTTPServer
    private let executor: LoopExecutor
    private var state = State.idle
    private var remoteAddress: IPAddress?

    init(server: HTTPServer, executor: LoopExecutor) {
        self.server = server
        self.executor = executor
    }

    func handlerAdded(context: ChannelHandlerContext) {
        remoteAddress = context.channel.remoteAddress?.plainIPAddress
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            begin(head, context)
        case .body(var part):
            guard case .gathering(let head, var body, let limit) = state else { return }
            guard body.readableBytes + part.readableBytes <= limit else { return refuseBody(context) }
            state = .idle
            body.writeBuffer(&part)
            state = .gathering(head, body, limit: limit)
        case .end:
            guard case .gathering(let head, let body, _) = state else { return }
            answer(head, body, context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .answering(let task) = state { task.cancel() }
        state = .idle
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Nearly always the client is gone, and its answer is worth no more work. One that only has nothing more to say
        // still gets its answer, unless the responder minds being cancelled.
        if case .answering(let task) = state, event as? ChannelEvent == .inputClosed { task.cancel() }
        context.fireUserInboundEventTriggered(event)
    }

    private func begin(_ head: HTTPRequest, _ context: ChannelHandlerContext) {
        let path = head.path.map { String(Substring($0.utf8.prefix { $0 != UInt8(ascii: "?") })) } ?? "/"
        let limit = server.configuration.bodyLimit(head.method.rawValue, path)
        if let length = head.headerFields[.contentLength].flatMap({ Int($0) }), length > limit {
            return refuseBody(context)
        }
        if head.headerFields[.expect]?.lowercased() == "100-continue" {
            context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
        }
        state = .gathering(head, ByteBuffer(), limit: limit)
    }

    /// Answers 413. The lifecycle handler closes the connection then, because the body is not read to its end.
    private func refuseBody(_ context: ChannelHandlerContext) {
        state = .refused
        let fields: HTTPFields = [.contentLength: "0", .connection: "close"]
        context.write(
            wrapOutboundOut(.head(HTTPResponse(status: .contentTooLarge, headerFields: fields))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    private func answer(_ head: HTTPRequest, _ body: ByteBuffer, _ context: ChannelHandlerContext) {
        let request = Request(head: head, body: RequestBody(buffer: body))
        let channel = context.channel
        let exchange = HTTPExchange(
            server: server, channel: channel, executor: executor, remoteAddress: remoteAddress)
        let task = executor.spawn {
            await exchange.answer(request)
        }
        state = .answering(task)
    }
}
