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
        try channel.pipeline.syncOperations.addHandlers([manager, ConnectionErrorHandler()])
    }
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
