import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Turns a connection into a WebSocket when a request asks for it and a route takes it, on any request of the
/// connection: proxies reuse connections.
final class WebSocketUpgradeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// An upgrade that waits for its request's end.
    private struct Upgrade {
        let head: HTTPRequestHead
        let route: WebSocketRoute
    }

    private let route: @Sendable (WebSocketRequest) -> WebSocketRoute?
    private let place: ConnectionCensus.Place
    private var upgrade: Upgrade?

    /// What is to be removed; set when the handlers are made.
    var pipeline: HTTP1Pipeline?

    init(route: @escaping @Sendable (WebSocketRequest) -> WebSocketRoute?, place: ConnectionCensus.Place) {
        self.route = route
        self.place = place
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            if Self.wantsWebSocket(head),
                let route = route(WebSocketRequest(head, from: context.remoteAddress?.plainIPAddress))
            {
                upgrade = Upgrade(head: head, route: route)
            } else {
                context.fireChannelRead(data)
            }
        case .body:
            // A WebSocket's request has no body; if it has one, its end is an upgrade all the same.
            if upgrade == nil { context.fireChannelRead(data) }
        case .end:
            guard let upgrade else { return context.fireChannelRead(data) }
            self.upgrade = nil
            begin(upgrade, context)
        }
    }

    private static func wantsWebSocket(_ head: HTTPRequestHead) -> Bool {
        head.method == .GET
            && head.headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "websocket" }
            && head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
    }

    /// Answers 101 and hands the channel over; 400 when key or version are not those of RFC 6455.
    private func begin(_ upgrade: Upgrade, _ context: ChannelHandlerContext) {
        let upgrader = NIOWebSocketServerUpgrader(
            maxFrameSize: upgrade.route.maxFrameSize,
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() })
        let headers: HTTPHeaders = ["upgrade": "websocket", "connection": "upgrade"]
        let answer = upgrader.buildUpgradeResponse(
            channel: context.channel, upgradeRequest: upgrade.head, initialResponseHeaders: headers)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        answer.whenComplete { result in
            let (handler, context) = bound.value
            switch result {
            case .success(let headers):
                handler.finish(upgrade, with: upgrader, headers, context)
            case .failure:
                handler.refuse(context)
            }
        }
    }

    private func finish(
        _ upgrade: Upgrade, with upgrader: NIOWebSocketServerUpgrader, _ headers: HTTPHeaders,
        _ context: ChannelHandlerContext
    ) {
        guard let pipeline, context.channel.isActive else { return }
        self.pipeline = nil
        let channel = context.channel
        let head = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
        // Below the lifecycle handler, which this response does not concern.
        let operations = channel.pipeline.syncOperations
        guard let below = try? operations.context(handler: pipeline.lifecycle) else { return }
        below.write(wrapOutboundOut(.head(head)), promise: nil)
        below.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)

        // Order matters: first everything of HTTP that stands above, then the WebSocket's own, then the decoder, whose
        // held bytes are the first frames.
        pipeline.removeAllButDecoder(from: operations)
        place.release()
        let decoder = pipeline.decoder
        let bound = NIOLoopBound((decoder, operations), eventLoop: channel.eventLoop)
        upgrader.upgrade(context: context, upgradeRequest: upgrade.head).whenComplete { result in
            guard case .success = result else { return channel.close(promise: nil) }
            upgrade.route.accept(channel)
            let (decoder, operations) = bound.value
            operations.removeHandler(decoder, promise: nil)
        }
    }

    private func refuse(_ context: ChannelHandlerContext) {
        let headers: HTTPHeaders = ["connection": "close", "content-length": "0", "sec-websocket-version": "13"]
        let head = HTTPResponseHead(version: .http1_1, status: .badRequest, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
