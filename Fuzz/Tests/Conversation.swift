import NIOCore
import NIOEmbedded

/// What handlers hand on and send when bytes arrive on their channel, from its beginning to its end.
struct Conversation {
    /// The bytes that came up through the handlers.
    private(set) var received: [UInt8] = []
    /// The bytes that were sent.
    private(set) var sent: [UInt8] = []
    /// Whether an error came up, or the channel was closed before the last piece.
    private(set) var hasFailed = false

    /// Delivers the pieces, until there are no more or the handlers close the channel.
    init(
        _ pieces: [ByteBuffer], with handlers: any ChannelHandler..., on loop: EmbeddedEventLoop = EmbeddedEventLoop()
    ) throws {
        let channel = EmbeddedChannel(handlers: [], loop: loop)
        try channel.pipeline.syncOperations.addHandlers(handlers)
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 4001)).wait()
        for piece in pieces where !hasFailed {
            do {
                guard channel.isActive else { throw ChannelError.ioOnClosedChannel }
                try channel.writeInbound(piece)
                loop.run()
            } catch {
                // An answer like others: the connection is over.
                hasFailed = true
            }
        }
        _ = try? channel.finish(acceptAlreadyClosed: true)
        while let bytes = try channel.readInbound(as: ByteBuffer.self) { received += bytes.readableBytesView }
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) { sent += bytes.readableBytesView }
    }

    /// Whether two conversations about the same bytes agree. How much of one is said before it fails may differ.
    func agrees(with other: Conversation) -> Bool {
        guard hasFailed else { return !other.hasFailed && received == other.received && sent == other.sent }
        return other.hasFailed && received.agrees(with: other.received) && sent.agrees(with: other.sent)
    }
}

extension [UInt8] {
    /// Whether one is the beginning of the other.
    func agrees(with other: [UInt8]) -> Bool { starts(with: other) || other.starts(with: self) }
}
