import LibP2PCore
import LibP2PIdentity
import LibP2PSecurity
import NIOCore
import NIOPosix
import Testing

extension RealPeers {
    /// Our security protocols alone, as dialers of a go-libp2p peer: what fails here is neither the host's fault nor a
    /// muxer's.
    @Suite(.timeLimit(.minutes(2)))
    struct SecurityInteropTests {
        @Test(arguments: ["/noise", "/tls/1.0.0"], KeyType.allCases)
        func dialsTheDaemon(name: String, key: KeyType) async throws {
            try await Lab.open { lab in
                let daemon = try await lab.daemon()
                let port = try #require(Int(daemon.addresses[0].split(separator: "/")[3]))
                let identity = try PrivateKey.generate(key)
                let security: any SecurityProtocol =
                    name == "/noise" ? try Noise(identity: identity) : try TLS(identity: identity)
                let expected = try PeerID(daemon.id)

                let received = Mailbox<UInt8>()
                let loop = NIOSingletons.posixEventLoopGroup.next()
                let agreed = loop.makePromise(of: Void.self)
                let proposal = Multistream.header + Multistream.message(name)
                let channel = try await ClientBootstrap(group: loop)
                    .channelInitializer { channel in
                        // go-libp2p's side of the negotiation begins without waiting for ours.
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(Skipper(proposal, agreed))
                        }
                    }
                    .connect(host: "127.0.0.1", port: port).get()
                channel.writeAndFlush(ByteBuffer(bytes: proposal), promise: nil)
                let peer = try await agreed.futureResult.flatMap {
                    security.secure(channel, role: .dialer, expecting: expected, muxers: ["/yamux/1.0.0"])
                }.flatMapThrowing { peer in
                    try channel.pipeline.syncOperations.addHandler(Collector(received))
                    return peer
                }.get()
                #expect(peer.peerID == expected)
                #expect(peer.muxer == "/yamux/1.0.0")
                try await channel.writeAndFlush(ByteBuffer(bytes: YamuxFrame.ping(77).bytes)).get()
                // go-libp2p may open streams of its own before it answers.
                let pong = YamuxFrame(type: YamuxFrame.ping, flags: YamuxFrame.ack, length: 77).bytes
                _ = try await received.take("the answer to a ping") { bytes in
                    bytes.indices.contains { bytes[$0...].starts(with: pong) } ? true : nil
                }
                // The daemon may have hung up by now, and TLS reports that as an unclean end: how it ends is not asked here.
                channel.close(promise: nil)
                try await channel.closeFuture.get()
            }
        }

        /// Takes the other side's agreement to a proposal off the stream, and leaves.
        private final class Skipper: ChannelInboundHandler, RemovableChannelHandler {
            typealias InboundIn = ByteBuffer
            typealias InboundOut = ByteBuffer

            private let expected: [UInt8]
            private let agreed: EventLoopPromise<Void>
            private var received: [UInt8] = []

            init(_ expected: [UInt8], _ agreed: EventLoopPromise<Void>) {
                self.expected = expected
                self.agreed = agreed
            }

            func channelRead(context: ChannelHandlerContext, data: NIOAny) {
                received += unwrapInboundIn(data).readableBytesView
                guard received.count >= expected.count else { return }
                if received.starts(with: expected) {
                    agreed.succeed()
                } else {
                    agreed.fail(InteropError("the daemon does not speak this security protocol"))
                }
                let rest = received.dropFirst(expected.count)
                if !rest.isEmpty { context.fireChannelRead(wrapInboundOut(ByteBuffer(bytes: rest))) }
                context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
            }
        }

        private final class Collector: ChannelInboundHandler {
            typealias InboundIn = ByteBuffer

            private let received: Mailbox<UInt8>

            init(_ received: Mailbox<UInt8>) {
                self.received = received
            }

            func channelRead(context: ChannelHandlerContext, data: NIOAny) {
                received.deliver(Array(unwrapInboundIn(data).readableBytesView))
            }

            func channelInactive(context: ChannelHandlerContext) {
                received.end("the connection has ended")
            }
        }
    }
}
