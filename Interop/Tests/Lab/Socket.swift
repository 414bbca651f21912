import Foundation
import NIOCore
import NIOPosix

/// One connection to a unix or TCP socket, read in exact portions with a limit on every wait.
final class Socket: Sendable {
    struct Listener {
        fileprivate let channel: any Channel
        let accepted: Mailbox<Socket>

        func close() async {
            try? await channel.close().get()
        }
    }

    private let channel: any Channel
    private let received: Mailbox<UInt8>

    private init(_ channel: any Channel, _ received: Mailbox<UInt8>) {
        self.channel = channel
        self.received = received
    }

    static func connect(unixPath: String) async throws -> Socket {
        try await Socket.connect { try await $0.connect(unixDomainSocketPath: unixPath).get() }
    }

    /// - Parameter receiveBuffer: what the operating system holds of bytes that are not read; by itself it holds megabytes.
    static func connect(host: String = "127.0.0.1", port: Int, receiveBuffer: Int? = nil) async throws -> Socket {
        try await Socket.connect { bootstrap in
            var bootstrap = bootstrap
            if let receiveBuffer {
                bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: .init(receiveBuffer))
            }
            return try await bootstrap.connect(host: host, port: port).get()
        }
    }

    private static func connect(_ connect: (ClientBootstrap) async throws -> any Channel) async throws -> Socket {
        let received = Mailbox<UInt8>()
        let bootstrap = ClientBootstrap(group: NIOSingletons.posixEventLoopGroup)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Receiver(received))
                }
            }
        return Socket(try await connect(bootstrap), received)
    }

    /// Listens on a unix socket and delivers what connects to it.
    static func listen(unixPath: String) async throws -> Listener {
        let accepted = Mailbox<Socket>()
        let listener = try await ServerBootstrap(group: NIOSingletons.posixEventLoopGroup)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let received = Mailbox<UInt8>()
                    try channel.pipeline.syncOperations.addHandler(Receiver(received))
                    accepted.deliver([Socket(channel, received)])
                }
            }
            .bind(unixDomainSocketPath: unixPath).get()
        return Listener(channel: listener, accepted: accepted)
    }

    /// Fails when the other side does not take the bytes in time.
    func write(_ bytes: [UInt8], within limit: Duration = .seconds(60)) async throws {
        let written = channel.eventLoop.makePromise(of: Void.self)
        let timer = channel.eventLoop.scheduleTask(in: TimeAmount(limit)) {
            written.fail(InteropError("\(bytes.count) bytes could not be written within \(limit)"))
        }
        channel.writeAndFlush(ByteBuffer(bytes: bytes)).cascade(to: written)
        defer { timer.cancel() }
        try await written.futureResult.get()
    }

    /// Leaves what comes from now on in the sockets' buffers, until the other side can write no more.
    func stopReading() async throws {
        try await channel.setOption(.autoRead, value: false).get()
    }

    func read(exactly count: Int, within limit: Duration = .seconds(60)) async throws -> [UInt8] {
        try await received.take("\(count) bytes", within: limit) { bytes in
            guard bytes.count >= count else { return nil }
            defer { bytes.removeFirst(count) }
            return Array(bytes.prefix(count))
        }
    }

    /// Whatever has come, at least one byte.
    func readSome(within limit: Duration = .seconds(60)) async throws -> [UInt8] {
        try await received.take("more bytes", within: limit) { bytes in
            defer { bytes = [] }
            return bytes.isEmpty ? nil : bytes
        }
    }

    /// Sends back the next `count` bytes as they come.
    func echo(_ count: Int) async throws {
        var missing = count
        while missing > 0 {
            let bytes = try await readSome()
            try await write(bytes)
            missing -= bytes.count
        }
    }

    /// A varint length and as many bytes.
    func readDelimited(within limit: Duration = .seconds(60)) async throws -> [UInt8] {
        try await received.take("a message", within: limit) { bytes in
            var length = 0
            for (index, byte) in bytes.prefix(5).enumerated() {
                length |= Int(byte & 0x7f) << (7 * index)
                guard byte < 0x80 else { continue }
                let end = index + 1 + length
                guard bytes.count >= end else { return nil }
                defer { bytes.removeFirst(end) }
                return Array(bytes[(index + 1)..<end])
            }
            return nil
        }
    }

    /// All that comes until the other side has ended the connection.
    func readToEnd(within limit: Duration = .seconds(60)) async throws -> [UInt8] {
        try await received.takeUntilEnd("the end of the connection", within: limit)
    }

    /// Waits until the other side has closed or reset the connection, discarding what still comes.
    func waitForEnd(within limit: Duration = .seconds(60)) async throws {
        do {
            let _: Never = try await received.take("the end of the connection", within: limit) { bytes in
                bytes = []
                return nil
            }
        } catch let error as InteropError where error.description.hasSuffix(Receiver.ending) {
            return
        }
    }

    /// Whether the other side has ended the connection.
    var hasEnded: Bool { received.hasEnded }

    func closeOutput() async throws {
        try await channel.close(mode: .output).get()
    }

    func close() async {
        try? await channel.close().get()
    }

    /// Ends the connection by a reset, as a program does that dies.
    func reset() async {
        let provider = channel as? any SocketOptionProvider
        try? await provider?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        await close()
    }

    private final class Receiver: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        static let ending = "the connection has ended"

        private let received: Mailbox<UInt8>

        init(_ received: Mailbox<UInt8>) {
            self.received = received
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received.deliver(Array(unwrapInboundIn(data).readableBytesView))
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case ChannelEvent.inputClosed? = event as? ChannelEvent {
                received.end(Self.ending)
            }
            context.fireUserInboundEventTriggered(event)
        }

        func channelInactive(context: ChannelHandlerContext) {
            received.end(Self.ending)
            context.fireChannelInactive()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
