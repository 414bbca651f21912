import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import LibP2PTransports
import Multiformats
import NIOCore
import NIOPosix
import Testing

@testable import LibP2PRelay

/// Circuits between loops on threads of their own.
struct SpliceThreadTests {
    private struct Place {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let network = MemoryNetwork()

        func makeHost() throws -> Host {
            let identity = try PrivateKey.generate()
            var configuration = HostConfiguration()
            configuration.allowsPrivateAddresses = true
            return Host(
                identity: identity, loops: LoopGroup(group),
                transports: [MemoryTransport(network: network, identity: identity.publicKey)],
                configuration: configuration)
        }
    }

    @Test func sixteenMebibytesPassUnchangedBetweenTwoLoops() async throws {
        let place = Place()
        let relay = try place.makeHost()
        let (source, target) = (try place.makeHost(), try place.makeHost())
        let version1 = Version1Service(network: relay)
        var limits = RelayLimits()
        limits.circuit = CircuitBounds(duration: .zero, bytes: 0)
        let server = RelayServer(network: relay, version1: version1, limits: limits, logger: .silent)
        server.start()
        let listener = try await relay.listen(on: .memory(0))
        target.serve(
            TestNode.Handler(RelayProtocols.stop, limits: StreamLimits(idle: nil)) { stream in
                _ = try await stream.message(StopMessage.self, max: 4096)
                try await stream.write(message: StopMessage.status(.ok))
                while let bytes = try await stream.read() { try await stream.write(bytes) }
            })
        // The relay's listener deals its loops out in turn, so that these two live on different ones.
        let targetConnection = try await target.dial(listener.address, expecting: relay.localPeer)
        let sourceConnection = try await source.dial(listener.address, expecting: relay.localPeer)
        let reserved = try await targetConnection.withStream([RelayProtocols.hop]) { stream in
            try await stream.write(message: HopMessage.reserve)
            return try await stream.message(HopMessage.self, max: 4096)
        }
        #expect(reserved?.status == .ok)
        let loops = Set(
            [source, target].flatMap { relay.connections(to: $0.localPeer) }.map { ObjectIdentifier($0.executor) })
        #expect(loops.count == 2)

        let total = 16 * 1024 * 1024
        let peer = target.localPeer
        let isSame = try await sourceConnection.withStream([RelayProtocols.hop]) { stream in
            try await stream.write(message: HopMessage.connect(to: RelayedPeer(peer)))
            let answer = try await stream.message(HopMessage.self, max: 4096)
            guard answer?.status == .ok else { return false }
            let block = 64 * 1024
            var random = SeededGenerator(seed: 1)
            var noise = ByteBuffer()
            for _ in 0..<(2 * block / 8) { noise.writeInteger(random.next()) }
            // Each block begins at another place of the noise.
            func bytes(_ number: Int) -> ByteBuffer? { noise.getSlice(at: number * 251 % block, length: block) }
            var isSame = true
            // Up to half a window ahead of the echo, so that all parts of the way are busy.
            for number in 0..<(total / block + 4) {
                if number < total / block {
                    try await stream.write(bytes(number) ?? ByteBuffer())
                    if number == total / block - 1 { stream.closeWrite() }
                }
                if number >= 4 {
                    if try await stream.read(exactly: block) != bytes(number - 4) { isSame = false }
                }
            }
            let end = try await stream.read()
            return isSame && end == nil
        }
        #expect(isSame)
        #expect(server.relayedBytes == UInt64(2 * total))
        for host in [source, target, relay] { await host.close() }
        for _ in 0..<1000 where server.circuitCount > 0 { await Task.yield() }
        try await place.group.shutdownGracefully()
        #expect(server.circuitCount == 0)
        #expect(server.counters[.finished] == 1)
        withExtendedLifetime(version1) {}
    }
}
