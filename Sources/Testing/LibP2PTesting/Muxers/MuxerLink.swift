import NIOCore
import NIOEmbedded

/// One end of a wire in memory: an embedded channel, and the bytes that are on their way to it.
///
/// It behaves as a socket does: bytes come only after a read was asked for, in pieces of any size, and the channel is
/// not writable while too much is under way.
final class MuxerLink {
    let channel: EmbeddedChannel
    private let gate = SocketGate()
    /// What has left this channel and not arrived at the other.
    private(set) var underWay = ByteBuffer()
    /// Nothing leaves or arrives while set.
    var isStuck = false

    init(loop: EmbeddedEventLoop) throws {
        channel = EmbeddedChannel(loop: loop)
        try channel.pipeline.syncOperations.addHandler(gate)
        channel.connect(to: try SocketAddress(unixDomainSocketPath: "/memory"), promise: nil)
        channel.read()
    }

    /// Moves what the channel has written onto the wire.
    func collect() throws {
        while var bytes = try channel.readOutbound(as: ByteBuffer.self) { underWay.writeBuffer(&bytes) }
        gate.report(unsent: underWay.readableBytes, of: channel)
    }

    /// Delivers at most `count` bytes to the other end, if it reads.
    ///
    /// - Returns: whether anything was delivered.
    func deliver(atMost count: Int, to other: MuxerLink) throws -> Bool {
        guard !isStuck, other.gate.isReadWanted, other.channel.isActive else { return false }
        guard let bytes = underWay.readSlice(length: min(count, underWay.readableBytes)), bytes.readableBytes > 0 else {
            return try deliverEnd(to: other)
        }
        // A buffer of its own, as a socket would give.
        other.gate.isReadWanted = false
        if underWay.readableBytes == 0 { underWay.clear() }
        _ = try? other.channel.writeInbound(ByteBuffer(bytes: bytes.readableBytesView))
        if other.channel.isActive { other.channel.read() }
        return true
    }

    /// Changes bytes that are under way.
    func corrupt(_ change: (inout [UInt8]) -> Void) {
        var bytes = Array(underWay.readableBytesView)
        change(&bytes)
        underWay = ByteBuffer(bytes: bytes)
    }

    private func deliverEnd(to other: MuxerLink) throws -> Bool {
        guard !channel.isActive else { return false }
        other.channel.close(promise: nil)
        return true
    }
}

/// Stands where the socket would: it notes that a read was asked for, and is full while too much is unsent.
private final class SocketGate: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Unsent bytes from which the channel counts as full, and from which it counts as free again.
    private static let highWater = 64 * 1024
    private static let lowWater = 32 * 1024

    var isReadWanted = false
    private var unsent = 0

    func read(context: ChannelHandlerContext) { isReadWanted = true }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        unsent += unwrapOutboundIn(data).readableBytes
        context.write(data, promise: promise)
        if let channel = context.channel as? EmbeddedChannel { report(unsent: unsent, of: channel) }
    }

    /// Tells the channel's handlers when it becomes full or free.
    func report(unsent count: Int, of channel: EmbeddedChannel) {
        unsent = count
        let isWritable = count < (channel.isWritable ? Self.highWater : Self.lowWater)
        guard channel.isWritable != isWritable else { return }
        channel.isWritable = isWritable
        channel.pipeline.fireChannelWritabilityChanged()
    }
}
