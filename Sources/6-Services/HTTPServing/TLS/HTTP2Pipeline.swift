import LibP2PCore
import NIOCore
import NIOHTTP2
import NIOHTTPTypesHTTP2

/// The handlers of an HTTP/2 connection (RFC 9113), and of each of its streams.
enum HTTP2Pipeline {
    /// Requests that a client may have under way on a connection.
    static let maxStreams = 100

    /// Adds all handlers to the channel, whose TLS handshake has ended. Called on its loop.
    static func configure(_ channel: any Channel, server: HTTPServer, executor: LoopExecutor) throws {
        let limits = server.configuration.limits
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: maxStreams),
            HTTP2Setting(parameter: .maxHeaderListSize, value: limits.headerBytes),
        ]
        let manager = NIOHTTP2ServerConnectionManagementHandler(
            eventLoop: channel.eventLoop,
            configuration: .init(
                maxIdleTime: TimeAmount(limits.idleTimeout), maxAge: nil, maxGraceTime: nil, keepalive: nil))
        _ = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
            mode: .server, connectionConfiguration: connection, streamConfiguration: .init(),
            streamDelegate: manager.http2StreamDelegate, position: .last
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandlers([
                    HTTP2FramePayloadToHTTPServerCodec(), HTTP2StreamHandler(limits: limits),
                    HTTPExchangeHandler(server: server, executor: executor),
                ])
            }
        }
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandlers([FarewellHandler(limits.stallTimeout), manager, ConnectionErrorHandler()])
        // The channel is active already. Without this the time until a first request would have no limit.
        manager.channelActive(context: try pipeline.context(handler: manager))
    }
}

/// Ends a connection some time after it was told to end: the polite way waits for an answer, which may never come.
private final class FarewellHandler: ChannelOutboundHandler {
    typealias OutboundIn = HTTP2Frame

    private let time: Duration
    private var deadline: Scheduled<Void>?

    init(_ time: Duration) {
        self.time = time
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .goAway = unwrapOutboundIn(data).payload, deadline == nil {
            let channel = context.channel
            deadline = context.eventLoop.scheduleTask(in: TimeAmount(time)) { channel.close(promise: nil) }
        }
        context.write(data, promise: promise)
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }
}

/// Ends a connection that something is wrong with.
private final class ConnectionErrorHandler: ChannelInboundHandler {
    typealias InboundIn = Never

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What is wrong with one stream ends that stream only.
        guard !(error is NIOHTTP2Errors.StreamError) else { return }
        context.close(promise: nil)
    }
}
