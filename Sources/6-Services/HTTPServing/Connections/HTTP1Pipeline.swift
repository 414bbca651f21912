import LibP2PCore
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// The handlers of one HTTP/1 connection, from the socket up.
struct HTTP1Pipeline {
    let encoder: HTTPResponseEncoder
    let decoder: ByteToMessageHandler<HTTPRequestDecoder>
    let lifecycle: HTTP1LifecycleHandler
    let upgrade: WebSocketUpgradeHandler
    let types: HTTP1ToHTTPServerCodec
    let exchange: HTTPExchangeHandler

    /// Adds all handlers to the channel. Called on its loop.
    static func configure(
        _ channel: any Channel, server: HTTPServer, executor: LoopExecutor, place: ConnectionCensus.Place,
        isSecure: Bool = false
    ) throws {
        let limits = server.configuration.limits
        var decoderLimits = NIOHTTPDecoderLimitConfiguration()
        decoderLimits.maxHeaderFieldSize = limits.headerBytes
        decoderLimits.maxHeaderListSize = limits.headerBytes
        let pipeline = HTTP1Pipeline(
            encoder: HTTPResponseEncoder(),
            decoder: ByteToMessageHandler(
                HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: decoderLimits)),
            lifecycle: HTTP1LifecycleHandler(limits: limits) { [server, client = channel.remoteAddress] status, error in
                server.noteRefusal(status, of: client, because: error)
            },
            upgrade: WebSocketUpgradeHandler(route: server.configuration.webSocketRoute, place: place),
            types: HTTP1ToHTTPServerCodec(secure: isSecure),
            exchange: HTTPExchangeHandler(server: server, executor: executor))
        pipeline.upgrade.pipeline = pipeline
        try channel.pipeline.syncOperations.addHandlers([
            pipeline.encoder, pipeline.decoder, pipeline.lifecycle, pipeline.upgrade, pipeline.types,
            pipeline.exchange,
        ])
    }

    /// Removes what speaks HTTP, but for the decoder: that goes last, and hands over the bytes that it holds.
    func removeAllButDecoder(from pipeline: ChannelPipeline.SynchronousOperations) {
        pipeline.removeHandler(exchange, promise: nil)
        pipeline.removeHandler(types, promise: nil)
        pipeline.removeHandler(lifecycle, promise: nil)
        pipeline.removeHandler(encoder, promise: nil)
        pipeline.removeHandler(upgrade, promise: nil)
    }
}
