import LibP2PCore
import LibP2PIdentity
import LibP2PMuxers
import LibP2PTesting
import LibP2PTransports
import Multiformats
import NIOCore

/// Two yamux connections joined by a pipe in memory, on one loop.
struct ConnectionPair {
    let dialer: Connection
    let listener: Connection

    /// Called on the executor's loop.
    init(on executor: LoopExecutor, muxer: any MuxerProtocol = Yamux()) throws {
        let (left, right) = MemoryPipe.channels(on: executor, capacity: 1024 * 1024)
        dialer = try Self.connection(over: left, role: .dialer, muxer, executor)
        listener = try Self.connection(over: right, role: .listener, muxer, executor)
    }

    private static func connection(
        over channel: any Channel, role: HandshakeRole, _ muxer: any MuxerProtocol, _ executor: LoopExecutor
    ) throws -> Connection {
        let address = try Multiaddr("/memory/1")
        let key = try PrivateKey(ed25519Seed: Array(repeating: role == .dialer ? 1 : 2, count: 32))
        let connection = Connection(
            id: 1, peer: SecuredPeer(publicKey: key.publicKey, muxer: nil),
            end: ConnectionEnd(role: role, executor: executor, localAddress: address, remoteAddress: address),
            muxer: NIOLoopBound(try muxer.install(on: channel, role: role), eventLoop: executor.loop), owner: Owner())
        connection.assumeIsolated { $0.start() }
        return connection
    }

    func close() async {
        await dialer.close()
        await listener.close()
    }
}

/// Owns both ends and serves the benchmarks' protocols.
private final class Owner: ConnectionOwner {
    let router: any StreamRouter = Router()

    func connectionClosed(_ connection: Connection, _ error: NetworkError) {}
}

private struct Router: StreamRouter {
    private let routes: [ProtocolID: StreamRoute] = [
        Echo.protocolID: StreamRoute(Echo()), Sink.protocolID: StreamRoute(Sink()),
    ]

    var protocols: [ProtocolID] { Array(routes.keys) }

    func route(for protocolID: ProtocolID, on connection: Connection) -> StreamRoute? { routes[protocolID] }
}

/// Sends 32-byte blocks back, as ping does.
struct Echo: StreamHandler {
    static let protocolID: ProtocolID = "/bench/echo"
    let protocols = [Self.protocolID]

    func handle(_ stream: Stream) async throws {
        while let block = try await stream.read(exactly: 32) { try await stream.write(block) }
    }
}

/// Reads to the end and then sends one byte.
struct Sink: StreamHandler {
    static let protocolID: ProtocolID = "/bench/sink"
    let protocols = [Self.protocolID]

    func handle(_ stream: Stream) async throws {
        while try await stream.read() != nil {}
        try await stream.write([1])
    }
}
