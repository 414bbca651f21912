import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import LibP2PTransports
import Multiformats
import NIOCore
import Synchronization
import Testing

/// Whole networks on one thread.
struct SimulatedNetworkTests {
    /// Echoes 32 bytes at a time.
    static let ping = TestNode.Handler("/ping") { stream in
        while let payload = try await stream.read(exactly: 32) { try await stream.write(payload) }
    }

    /// Nodes that listen at `/memory/1`, `/memory/2`, …
    static func makeNodes(_ count: Int, in simulation: Simulation) throws -> [TestNode] {
        try (1...count).map { number in
            let node = try simulation.makeNode(serving: [ping])
            let transport = simulation.network.transport(for: node.identity.publicKey)
            _ = try simulation.perform {
                try await transport.listen(on: .memory(UInt64(number)), upgrader: node, loops: simulation.loops)
            }
            return node
        }
    }

    static func connect(
        _ node: TestNode, to number: Int, in simulation: Simulation, expecting peer: PeerID? = nil
    ) async throws -> Connection {
        try await simulation.network.transport(for: node.identity.publicKey)
            .dial(.memory(UInt64(number)), expecting: peer, upgrader: node, on: simulation.executor)
    }

    static func pings(_ count: Int, on connection: Connection, random: RandomSource) async throws -> Int {
        try await connection.withStream(["/ping"]) { stream in
            for _ in 0..<count {
                let payload = ByteBuffer(bytes: random.bytes(32))
                try await stream.write(payload)
                guard try await stream.read(exactly: 32) == payload else { return 0 }
            }
            return count
        }
    }

    /// 200 nodes, each with a connection to 2 others, 5 streams on each, 20 pings on each: 40,000 pings.
    private func runLargeNetwork(seed: UInt64) throws -> (fingerprint: UInt64, parcels: Int, pings: Int) {
        try Simulation.run(seed: seed) { simulation in
            let count = 200
            simulation.network.weather.loss = 0.01
            let nodes = try Self.makeNodes(count, in: simulation)
            let streams = try nodes.indices.flatMap { index in
                try [1, 7].flatMap { step in
                    let connecting = simulation.begin {
                        try await Self.connect(nodes[index], to: (index + step) % count + 1, in: simulation)
                    }
                    simulation.loop.run(until: { connecting.isKnown })
                    let connection = try connecting.get()
                    return (0..<5).map { _ in
                        simulation.begin { try await Self.pings(20, on: connection, random: simulation.random) }
                    }
                }
            }
            simulation.loop.runUntilIdle()
            let pings = try streams.reduce(0) { try $0 + $1.get() }
            for node in nodes { #expect(node.streamCount == 0) }
            #expect(simulation.network.memory.linkCount == 2 * count)
            #expect(simulation.loop.foreignCalls == 0)
            return (simulation.network.fingerprint, simulation.network.parcelCount, pings)
        }
    }

    @Test
    func aLargeNetworkRepeatsItself() throws {
        let first = try runLargeNetwork(seed: 7)
        #expect(first.pings == 40_000)
        let again = try runLargeNetwork(seed: 7)
        #expect(again == first)
        let other = try runLargeNetwork(seed: 8)
        #expect(other.pings == 40_000)
        #expect(other.fingerprint != first.fingerprint)
    }
}
