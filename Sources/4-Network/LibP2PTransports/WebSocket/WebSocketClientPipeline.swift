import LibP2PCore
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// The HTTP side of a WebSocket dial: it asks for the upgrade as soon as the channel is active.
enum WebSocketClientPipeline {
    /// Puts the handlers in place on a channel that is not active yet.
    ///
    /// - Parameters:
    ///   - host: what the `Host` header says.
    ///   - time: from the connection to the end of the upgrade.
    ///   - takeOver: gets the channel when only the WebSocket's own handlers are left.
    ///   - fail: is told why the upgrade failed; the channel closes.
    static func install(
        on channel: any Channel, host: String, time: Duration,
        takeOver: @escaping @Sendable (any Channel) -> Void, fail: @escaping @Sendable (NetworkError) -> Void
    ) throws {
        let budget = UpgradeBudget(time: time) { excess in
            fail(
                excess == .time
                    ? NetworkError(.timeout, "\(host) does not answer the WebSocket upgrade.")
                    : NetworkError(.tooLarge, "\(host) answers the WebSocket upgrade with too many bytes."))
            return nil
        }
        let request = UpgradeRequest(host: host, budget, fail)
        let bound = NIOLoopBound((budget, request), eventLoop: channel.eventLoop)
        let upgrader = NIOWebSocketClientUpgrader(
            maxFrameSize: WebSocketTransport.maxFrameSize, automaticErrorHandling: false,
            upgradePipelineHandler: { channel, _ in
                let (budget, request) = bound.value
                channel.pipeline.syncOperations.removeHandler(budget, promise: nil)
                channel.pipeline.syncOperations.removeHandler(request, promise: nil)
                takeOver(channel)
                return channel.eventLoop.makeSucceededVoidFuture()
            })
        let operations = channel.pipeline.syncOperations
        try operations.addHandler(budget)
        try operations.addHTTPClientHandlers(
            leftOverBytesStrategy: .forwardBytes,
            withClientUpgrade: (upgraders: [upgrader], completionHandler: { _ in }))
        try operations.addHandler(request)
    }
}

/// Sends the request, and takes every answer but an upgrade for a failure.
private final class UpgradeRequest: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let host: String
    private let budget: UpgradeBudget
    private let fail: (NetworkError) -> Void

    init(host: String, _ budget: UpgradeBudget, _ fail: @escaping (NetworkError) -> Void) {
        self.host = host
        self.budget = budget
        self.fail = fail
    }

    func channelActive(context: ChannelHandlerContext) {
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: ["Host": host])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data) else { return }
        fail(NetworkError(.unreachable, "\(host) answers \(head.status) to the WebSocket upgrade."))
        budget.close(answering: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(NetworkError(.malformed, "\(host) answers the WebSocket upgrade with something else.", cause: error))
        budget.close(answering: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(NetworkError(.closed, "\(host) closed the connection before the WebSocket upgrade."))
        context.fireChannelInactive()
    }
}
