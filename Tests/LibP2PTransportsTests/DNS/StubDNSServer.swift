import LibP2PTransports
import Multiformats
import NIOCore
import NIOPosix
import Synchronization

/// A DNS server on loopback, for UDP and TCP, that answers by a function.
final class StubDNSServer: Sendable {
    /// Gives the response to a query, nil for none.
    typealias Behaviour = @Sendable (_ query: DNSMessage, _ isTCP: Bool) -> [UInt8]?

    private let behaviour: Behaviour
    private let asked = Mutex<[String]>([])

    init(_ behaviour: @escaping Behaviour) { self.behaviour = behaviour }

    /// The names asked so far, those over TCP with `tcp:` in front.
    var names: [String] { asked.withLock { $0 } }

    fileprivate func respond(to bytes: [UInt8], isTCP: Bool) -> [UInt8]? {
        guard let query = DNSMessage(query: bytes) else { return nil }
        asked.withLock { $0.append((isTCP ? "tcp:" : "") + query.name) }
        return behaviour(query, isTCP)
    }

    /// Runs the server while `body` runs.
    func run(_ body: (DNSServer) async throws -> Void) async throws {
        let (port, channels) = try await bind()
        do {
            try await body(DNSServer(.v4(0x7f00_0001), port: port))
            for channel in channels { try await channel.close() }
        } catch {
            for channel in channels { try? await channel.close() }
            throw error
        }
    }

    /// Runs the server, and a resolver that asks it, while `body` runs.
    func withResolver(
        _ configure: (inout DNSResolver.Configuration) -> Void = { _ in },
        _ body: (DNSResolver) async throws -> Void
    ) async throws {
        try await run { server in
            var configuration = DNSResolver.Configuration(server: server)
            configure(&configuration)
            let resolver = try DNSResolver(configuration)
            do {
                try await body(resolver)
                await resolver.shutdown()
            } catch {
                await resolver.shutdown()
                throw error
            }
        }
    }

    private func bind() async throws -> (port: UInt16, channels: [any Channel]) {
        let group = MultiThreadedEventLoopGroup.singleton
        var lastError: (any Error)?
        // The port that UDP got may be taken for TCP.
        for _ in 0..<20 {
            let datagrams = try await DatagramBootstrap(group: group)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(DatagramResponder(server: self))
                    }
                }
                .bind(host: "127.0.0.1", port: 0).get()
            let port = datagrams.localAddress?.port ?? 0
            do {
                let listener = try await ServerBootstrap(group: group)
                    .childChannelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(StreamResponder(server: self))
                        }
                    }
                    .bind(host: "127.0.0.1", port: port).get()
                return (UInt16(port), [datagrams, listener])
            } catch {
                try await datagrams.close()
                lastError = error
            }
        }
        throw lastError ?? ChannelError.eof
    }
}

private final class DatagramResponder: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    private let server: StubDNSServer

    init(server: StubDNSServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        guard let response = server.respond(to: Array(envelope.data.readableBytesView), isTCP: false) else { return }
        let answer = AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: response))
        context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
    }
}

private final class StreamResponder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let server: StubDNSServer
    private var received = ByteBuffer()

    init(server: StubDNSServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.writeImmutableBuffer(unwrapInboundIn(data))
        while let query = received.readLengthPrefixedSlice(as: UInt16.self) {
            guard let response = server.respond(to: Array(query.readableBytesView), isTCP: true) else { continue }
            var answer = ByteBuffer(integer: UInt16(response.count))
            answer.writeBytes(response)
            context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
        }
    }
}
