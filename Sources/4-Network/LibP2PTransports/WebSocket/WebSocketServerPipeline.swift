import LibP2PCore
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// The HTTP side of a listening WebSocket socket: it upgrades GET requests on any path, because old clients dial
/// `/p2p/<id>` paths, and answers everything else with a short refusal.
enum WebSocketServerPipeline {
    /// Puts the handlers in place on a channel that is not active yet.
    ///
    /// - Parameters:
    ///   - time: from accepting to the end of the upgrade.
    ///   - takeOver: gets the channel when only the WebSocket's own handlers are left.
    static func install(
        on channel: any Channel, time: Duration, takeOver: @escaping @Sendable (any Channel) -> Void
    ) throws {
        let budget = UpgradeBudget(time: time) { excess in
            answer(excess == .size ? .requestHeaderFieldsTooLarge : .requestTimeout)
        }
        let refusal = UpgradeRefusal(budget)
        let bound = NIOLoopBound((budget, refusal), eventLoop: channel.eventLoop)
        let upgrader = NIOWebSocketServerUpgrader(
            maxFrameSize: WebSocketTransport.maxFrameSize, automaticErrorHandling: false,
            shouldUpgrade: { channel, head in channel.eventLoop.makeSucceededFuture(head.method == .GET ? [:] : nil) },
            upgradePipelineHandler: { channel, _ in
                let (budget, refusal) = bound.value
                channel.pipeline.syncOperations.removeHandler(budget, promise: nil)
                channel.pipeline.syncOperations.removeHandler(refusal, promise: nil)
                takeOver(channel)
                return channel.eventLoop.makeSucceededVoidFuture()
            })
        let operations = channel.pipeline.syncOperations
        try operations.addHandler(budget)
        try operations.configureHTTPServerPipeline(
            withPipeliningAssistance: false,
            withServerUpgrade: (upgraders: [upgrader], completionHandler: { _ in }), withErrorHandling: false)
        try operations.addHandler(refusal)
    }

    /// A response after which the connection ends.
    static func answer(_ status: HTTPResponseStatus, _ text: String = "") -> ByteBuffer {
        let fields = status == .upgradeRequired ? "upgrade: websocket\r\nsec-websocket-version: 13\r\n" : ""
        return ByteBuffer(
            string: """
                HTTP/1.1 \(status.code) \(status.reasonPhrase)\r
                connection: close\r
                \(fields)content-type: text/plain\r
                content-length: \(text.utf8.count)\r
                \r
                \(text)
                """)
    }
}

/// Answers requests that do not become a WebSocket.
private final class UpgradeRefusal: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart

    private let budget: UpgradeBudget

    init(_ budget: UpgradeBudget) { self.budget = budget }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        budget.close(
            answering: WebSocketServerPipeline.answer(
                .upgradeRequired, "This is a libp2p node; it speaks WebSocket here.\n"))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A faulty upgrade request comes again as an ordinary request after its error.
        guard error is HTTPParserError else { return }
        budget.close(answering: WebSocketServerPipeline.answer(.badRequest, "This is not HTTP.\n"))
    }
}
