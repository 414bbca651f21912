import NIOCore
import Synchronization

/// Bytes that went over all connections of the node.
public final class TrafficCounter: Sendable {
    private let inbound = Atomic<UInt64>(0)
    private let outbound = Atomic<UInt64>(0)

    init() {}

    /// Bytes received, as the security protocol's frames.
    public var bytesReceived: UInt64 { inbound.load(ordering: .relaxed) }
    /// Bytes sent, as the security protocol's frames.
    public var bytesSent: UInt64 { outbound.load(ordering: .relaxed) }

    func received(_ count: Int) { inbound.wrappingAdd(UInt64(clamping: count), ordering: .relaxed) }
    func sent(_ count: Int) { outbound.wrappingAdd(UInt64(clamping: count), ordering: .relaxed) }
}

/// Counts what passes between the socket and the cipher.
final class TrafficHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    private let counter: TrafficCounter

    init(_ counter: TrafficCounter) { self.counter = counter }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        counter.received(unwrapInboundIn(data).readableBytes)
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        counter.sent(unwrapOutboundIn(data).readableBytes)
        context.write(data, promise: promise)
    }
}
