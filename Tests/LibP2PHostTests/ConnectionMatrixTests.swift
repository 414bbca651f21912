import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PMuxers
import LibP2PSecurity
import LibP2PTransports
import Multiformats
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// Whole connections between two hosts on loopback: every transport × security × muxer, with and without a private
/// network.
struct ConnectionMatrixTests {
    /// One way to connect.
    struct Way: Sendable, CustomTestStringConvertible {
        let transport: String
        let security: String
        let muxer: String
        let isPrivate: Bool

        var testDescription: String { "\(transport) \(security) \(muxer)\(isPrivate ? " private" : "")" }

        func makeHost(on loops: LoopGroup) throws -> Host {
            let identity = try PrivateKey.generate()
            var configuration = HostConfiguration()
            configuration.limits.onPrivateAddresses = []
            if isPrivate {
                configuration.privateNetwork = { channel in
                    let key = try PreSharedKey(bytes: [UInt8](repeating: 7, count: 32))
                    try channel.pipeline.syncOperations.addHandler(PrivateNetworkHandler(key: key))
                }
            }
            let host = Host(
                identity: identity, loops: loops, transports: [TCPTransport(), WebSocketTransport()],
                securities: [security == "noise" ? try Noise(identity: identity) : try TLS(identity: identity)],
                muxers: [muxer == "yamux" ? Yamux() : Mplex()], configuration: configuration)
            host.serve(Echo())
            return host
        }

        static let all = ["tcp", "ws"].flatMap { transport in
            ["noise", "tls"].flatMap { security in
                ["yamux", "mplex"].flatMap { muxer in
                    [false, true].map {
                        Way(transport: transport, security: security, muxer: muxer, isPrivate: $0)
                    }
                }
            }
        }
    }

    private struct Echo: StreamHandler {
        let protocols: [ProtocolID] = ["/echo/1.0.0"]

        func handle(_ stream: Stream) async throws {
            while let bytes = try await stream.read() { try await stream.write(bytes) }
        }
    }

    /// Completes when a host's connection has ended.
    private final class Farewell: NetworkObserver {
        let ended: EventLoopPromise<Void>

        init(on loop: any EventLoop) { ended = loop.makePromise() }

        func connectionClosed(_ connection: Connection, _ error: NetworkError) { ended.succeed(()) }
    }

    /// Sends bytes on a stream in parts and counts those that come back right.
    private func echo(_ count: Int, seed: UInt64, on connection: Connection) async throws -> Int {
        let bytes = RandomSource(seed: seed).bytes(count)
        return try await connection.withStream(["/echo/1.0.0"]) { stream in
            var good = 0
            for start in Swift.stride(from: 0, to: count, by: 20_000) {
                let part = ByteBuffer(bytes: bytes[start..<min(start + 20_000, count)])
                try await stream.write(part)
                if try await stream.read(exactly: part.readableBytes) == part { good += part.readableBytes }
            }
            return good
        }
    }

    @Test(arguments: Way.all)
    func aConnectionCarriesStreamsAndLeavesNothingBehind(way: Way) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let loops = LoopGroup(group)
        let (server, client) = (try way.makeHost(on: loops), try way.makeHost(on: loops))
        let base = try Multiaddr("/ip4/127.0.0.1/tcp/0")
        try await server.listen(on: way.transport == "ws" ? base.encapsulating(Multiaddr("/ws")) : base)
        let connection = try await client.connect(to: server.localPeer, at: server.listenAddresses)
        #expect(connection.remotePeer == server.localPeer)

        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<10 {
                group.addTask { try await echo(number * 15_000 + 1, seed: UInt64(number), on: connection) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts.sorted() == (0..<10).map { $0 * 15_000 + 1 })

        let farewell = Farewell(on: group.any())
        server.addObserver(farewell)
        await client.close()
        try await farewell.ended.futureResult.get()
        #expect(client.connections.isEmpty)
        #expect(server.connections.isEmpty)
        await server.close()
        for executor in loops.executors {
            let unread = try await executor.loop.submit { executor.bufferedBytes }.get()
            #expect(unread == 0)
        }
        try await group.shutdownGracefully()
    }
}
