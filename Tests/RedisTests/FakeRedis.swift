import LibP2PCore
import NIOCore
import NIOPosix
import Synchronization

@testable import Redis

/// A server on loopback that answers commands as a test wants.
final class FakeRedis: Sendable {
    /// What to answer to a command's words: bytes, nothing at all, or the end of the connection.
    enum Reply: Sendable {
        case bytes(String)
        case silence
        case hangUp
    }

    let url: RedisURL
    private let listener: any Channel
    private let accepted: Mutex<[any Channel]>
    private let commands: Mutex<[[String]]>

    /// Connections that were accepted so far.
    var connectionCount: Int { accepted.withLock { $0.count } }

    /// All commands so far.
    var received: [[String]] { commands.withLock { $0 } }

    private init(_ listener: any Channel, _ state: State, _ credentials: String, _ database: Int) throws {
        self.listener = listener
        accepted = Mutex([])
        commands = Mutex([])
        url = try RedisURL("redis://\(credentials)127.0.0.1:\(listener.localAddress?.port ?? 0)/\(database)")
        state.redis.withLock { $0 = self }
    }

    static func start(
        credentials: String = "", database: Int = 0, _ reply: @escaping @Sendable ([String]) -> Reply
    ) async throws -> FakeRedis {
        let state = State()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Answering(state, reply))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return try FakeRedis(listener, state, credentials, database)
    }

    /// Ends all connections; new ones are accepted as before.
    func hangUp() async throws {
        for channel in accepted.withLock({ $0 }) { try? await channel.close() }
    }

    func stop() async throws {
        try await hangUp()
        try await listener.close()
    }

    /// Between the listener's channels and the server that is made after them.
    private final class State: Sendable {
        let redis = Mutex<FakeRedis?>(nil)
    }

    private final class Answering: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let state: State
        private let reply: @Sendable ([String]) -> Reply
        // A command is an array of bytes, as a reply may be one.
        private var parser = RESPParser()

        init(_ state: State, _ reply: @escaping @Sendable ([String]) -> Reply) {
            self.state = state
            self.reply = reply
        }

        func channelActive(context: ChannelHandlerContext) {
            let channel = context.channel
            state.redis.withLock { $0 }?.accepted.withLock { $0.append(channel) }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            parser.feed(unwrapInboundIn(data))
            while let command = (try? parser.next())?.elements {
                let words = command.map { $0.text ?? "" }
                state.redis.withLock { $0 }?.commands.withLock { $0.append(words) }
                switch reply(words) {
                case .bytes(let text):
                    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
                case .silence: break
                case .hangUp: context.close(promise: nil)
                }
            }
        }
    }
}
