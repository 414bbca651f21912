import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import LibP2PTransports
import Multiformats
import NIOCore
import NIOPosix
import Testing

/// The memory transport between loops on threads of their own.
struct MemoryTransportThreadTests {
    @Test
    func connectionsCrossThreads() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let loops = LoopGroup(group)
        let network = MemoryNetwork()
        let echo = TestNode.Handler("/echo") { stream in
            while let bytes = try await stream.read() { try await stream.write(bytes) }
        }
        let server = TestNode(identity: try .generate(), handlers: [echo])
        let client = TestNode(identity: try .generate())
        let listener = try await MemoryTransport(network: network, identity: server.identity.publicKey)
            .listen(on: .memory(0), upgrader: server, loops: loops)
        let transport = MemoryTransport(network: network, identity: client.identity.publicKey)
        for executor in loops.executors {
            let connection = try await transport.dial(
                listener.address, expecting: server.peerID, upgrader: client, on: executor)
            let answers = try await connection.withStream(["/echo"]) { stream in
                var answers = 0
                for round in 0..<200 {
                    try await stream.write(ByteBuffer(repeating: UInt8(round), count: 1000))
                    let answer = try await stream.read(exactly: 1000)
                    if answer == ByteBuffer(repeating: UInt8(round), count: 1000) { answers += 1 }
                }
                return answers
            }
            #expect(answers == 200)
            await connection.close()
        }
        await listener.close()
        try await group.shutdownGracefully()
    }
}
