import NIOCore
import NIOEmbedded

/// What handlers hand on and send when bytes arrive on their channel, from its beginning to its end.
struct Conversation: Equatable {
    /// The bytes that came up through the handlers.
    private(set) var received: [UInt8] = []
    /// The bytes that were sent.
    private(set) var sent: [UInt8] = []

    /// Delivers the pieces, until there are no more or the handlers close the channel.
    init(
        _ pieces: [ByteBuffer], with handlers: any ChannelHandler..., on loop: EmbeddedEventLoop = EmbeddedEventLoop()
    ) throws {
        let channel = EmbeddedChannel(handlers: [], loop: loop)
        try channel.pipeline.syncOperations.addHandlers(handlers)
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 4001)).wait()
        for piece in pieces where channel.isActive {
            // An error that comes up is an answer like others: the connection is over.
            _ = try? channel.writeInbound(piece)
            loop.run()
        }
        _ = try? channel.finish(acceptAlreadyClosed: true)
        while let bytes = try channel.readInbound(as: ByteBuffer.self) { received += bytes.readableBytesView }
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) { sent += bytes.readableBytesView }
    }
}
