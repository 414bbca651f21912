import LibP2PCore
import LibP2PIdentity
import LibP2PMuxers
import LibP2PTesting
import LibP2PTransports
import Multiformats
import NIOCore
import NIOPosix

/// Nodes that tests put on both ends of real sockets.
struct TransportBench {
    static let loops = LoopGroup(MultiThreadedEventLoopGroup.singleton)

    /// A node that serves `/echo`, with keys exchanged in the clear and yamux above.
    static func makeNode() throws -> TestNode {
        let identity = try PrivateKey.generate()
        let echo = TestNode.Handler("/echo") { stream in
            while let bytes = try await stream.read() { try await stream.write(bytes) }
        }
        return TestNode(
            identity: identity, security: PlainSecurity(identity: identity.publicKey), muxer: Yamux(),
            handlers: [echo])
    }

    /// Waits until all loops have done what was queued before, and what that queued.
    static func settle() async throws {
        for _ in 0..<2 {
            for executor in loops.executors { try await executor.loop.submit {}.get() }
        }
    }

    /// Sends bytes to `/echo` and gives back what comes.
    static func echo(_ bytes: [UInt8], on connection: Connection) async throws -> [UInt8] {
        try await connection.withStream(["/echo"]) { stream in
            var received: [UInt8] = []
            for start in Swift.stride(from: 0, to: bytes.count, by: 50_000) {
                let part = bytes[start..<min(start + 50_000, bytes.count)]
                try await stream.write(ByteBuffer(bytes: part))
                if let answer = try await stream.read(exactly: part.count) { received += answer.readableBytesView }
            }
            return received
        }
    }
}

/// A socket without any libp2p, for what honest peers do not send.
final class RawClient: Sendable {
    private let channel: any Channel
    private let collected: EventLoopFuture<[UInt8]>
    private let answered: EventLoopFuture<Void>

    /// Connects to a listener's IP address and port.
    init(to address: Multiaddr) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let promise = loop.makePromise(of: [UInt8].self)
        let first = loop.makePromise(of: Void.self)
        collected = promise.futureResult
        answered = first.futureResult
        let port = Int(address.tcpPort ?? 0)
        channel = try await ClientBootstrap(group: loop)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(promise, first))
                }
            }
            .connect(host: "\(address.ipAddress ?? .v4(0x7f00_0001))", port: port).get()
    }

    /// Sends bytes; errors do not matter, for the other side may have closed.
    func send(_ bytes: [UInt8]) async { try? await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }

    /// Sends text.
    func send(_ text: String) async { await send(Array(text.utf8)) }

    /// Waits for the first bytes, or the end.
    func waitForAnswer() async throws { try await answered.get() }

    /// All that came until the other side closed.
    func receiveAll() async throws -> [UInt8] { try await collected.get() }

    /// All that came until the other side closed, as text.
    func receiveText() async throws -> String { String(decoding: try await receiveAll(), as: UTF8.self) }

    /// Ends the own direction only.
    func finish() async { try? await channel.close(mode: .output) }

    func close() async { try? await channel.close() }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let promise: EventLoopPromise<[UInt8]>
        private let first: EventLoopPromise<Void>
        private var bytes: [UInt8] = []

        init(_ promise: EventLoopPromise<[UInt8]>, _ first: EventLoopPromise<Void>) {
            self.promise = promise
            self.first = first
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            bytes += unwrapInboundIn(data).readableBytesView
            first.succeed(())
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
        }

        // A reset after the answer is an end as well.
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
        func channelInactive(context: ChannelHandlerContext) { end() }
        func handlerRemoved(context: ChannelHandlerContext) { end() }

        private func end() {
            promise.succeed(bytes)
            first.succeed(())
        }
    }
}
