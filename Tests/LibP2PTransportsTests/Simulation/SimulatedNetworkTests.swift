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

    @Test
    func aPartitionBreaksConnectionsAndHealsForNewOnes() throws {
        try Simulation.run { simulation in
            let nodes = try Self.makeNodes(2, in: simulation)
            let connection = try simulation.perform { try await Self.connect(nodes[0], to: 2, in: simulation) }
            simulation.network.partition([[nodes[0].peerID], [nodes[1].peerID]])
            let pinging = simulation.begin {
                try await Self.pings(1, on: connection, random: simulation.random)
            }
            simulation.loop.advance(by: .seconds(9))
            #expect(!pinging.isKnown)
            #expect(nodes[0].connections.count == 1)
            simulation.loop.advance(by: .seconds(2))
            #expect(throws: NetworkError(.timeout, "")) { try pinging.get() }
            #expect(nodes[0].connections.isEmpty)
            #expect(nodes[1].connections.isEmpty)
            #expect(throws: NetworkError(.timeout, "")) {
                try simulation.perform { _ = try await Self.connect(nodes[0], to: 2, in: simulation) }
            }
            simulation.network.heal()
            let again = try simulation.perform {
                let connection = try await Self.connect(nodes[0], to: 2, in: simulation)
                return try await Self.pings(3, on: connection, random: simulation.random)
            }
            #expect(again == 3)
            simulation.loop.runUntilIdle()
            #expect(simulation.network.memory.linkCount == 1)
        }
    }

    @Test
    func theNeighboursOfARemovedNodeLearnOfIt() throws {
        try Simulation.run { simulation in
            let nodes = try Self.makeNodes(3, in: simulation)
            for number in [2, 3] {
                _ = try simulation.perform { try await Self.connect(nodes[0], to: number, in: simulation) }
            }
            simulation.network.remove(nodes[1].peerID)
            simulation.loop.advance(by: .seconds(1))
            #expect(nodes[0].connections.map(\.remotePeer) == [nodes[2].peerID])
            #expect(nodes[0].closures == [NetworkError(.closed, "")])
            #expect(throws: NetworkError(.unreachable, "")) {
                try simulation.perform { _ = try await Self.connect(nodes[0], to: 2, in: simulation) }
            }
            simulation.network.remove(nodes[2].peerID, silently: true)
            simulation.loop.advance(by: .seconds(9))
            #expect(nodes[0].connections.count == 1)
            simulation.loop.advance(by: .seconds(2))
            #expect(nodes[0].connections.isEmpty)
            #expect(nodes[0].closures.last?.code == .timeout)
        }
    }

    @Test
    func callsFailByChance() throws {
        try Simulation.run(seed: 3) { simulation in
            simulation.network.weather.failedCalls = 0.5
            let nodes = try Self.makeNodes(2, in: simulation)
            var failures = 0
            for _ in 0..<40 {
                do {
                    _ = try simulation.perform { try await Self.connect(nodes[0], to: 2, in: simulation) }
                } catch let error as NetworkError {
                    #expect(error.code == .timeout)
                    failures += 1
                }
            }
            #expect((10...30).contains(failures))
        }
    }

    @Test
    func nodesPretendToHaveIPAddresses() throws {
        try Simulation.run { simulation in
            let (server, client) = (try simulation.makeNode(serving: [Self.ping]), try simulation.makeNode())
            let near = simulation.network.transport(for: server.identity.publicKey, host: IPAddress("203.0.113.5"))
            let far = simulation.network.transport(for: client.identity.publicKey, host: IPAddress("198.51.100.7"))
            let listener = try simulation.perform {
                try await near.listen(
                    on: Multiaddr("/ip4/0.0.0.0/tcp/0"), upgrader: server, loops: simulation.loops)
            }
            #expect(listener.address.ipAddress == IPAddress("203.0.113.5"))
            _ = try simulation.perform {
                try await far.dial(
                    listener.address, expecting: server.peerID, upgrader: client, on: simulation.executor)
            }
            #expect(server.connections.first?.remoteAddress.ipAddress == IPAddress("198.51.100.7"))
            #expect(!far.canDial(.memory(1)))
        }
    }
}
