import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import LibP2PTransports
import Multiformats
import NIOCore
import Testing

/// The memory transport's connections, on a clock of their own.
struct MemoryTransportTests {
    /// Two nodes and what connects them.
    private struct Pair {
        let simulation: Simulation
        let server: TestNode
        let client: TestNode

        init(_ simulation: Simulation, serving handlers: [any StreamHandler] = []) throws {
            self.simulation = simulation
            server = try simulation.makeNode(serving: handlers)
            client = try simulation.makeNode()
            let transport = simulation.network.transport(for: server.identity.publicKey)
            let node = server
            _ = try simulation.perform {
                try await transport.listen(on: .memory(1), upgrader: node, loops: simulation.loops)
            }
        }

        func connect(expecting peer: PeerID? = nil) throws -> Connection {
            let (client, simulation) = (client, simulation)
            return try simulation.perform {
                try await simulation.network.transport(for: client.identity.publicKey)
                    .dial(.memory(1), expecting: peer, upgrader: client, on: simulation.executor)
            }
        }
    }

    /// Sends back all that comes.
    private static let echo = TestNode.Handler("/echo") { stream in
        while let bytes = try await stream.read() { try await stream.write(bytes) }
    }

    @Test
    func bothEndsKnowWhoIsThere() throws {
        try Simulation.run { simulation in
            let pair = try Pair(simulation)
            let connection = try pair.connect(expecting: pair.server.peerID)
            #expect(connection.remotePeer == pair.server.peerID)
            #expect(connection.remoteAddress == .memory(1))
            #expect(pair.server.connections.map(\.remotePeer) == [pair.client.peerID])
            #expect(pair.server.connections.map(\.isInbound) == [true])
            #expect(pair.server.admissions == 1)
            connection.assumeIsolated { $0.close() }
            simulation.loop.runUntilIdle()
            #expect(pair.server.connections.isEmpty)
            #expect(pair.server.admissions == 0)
            #expect(simulation.network.memory.linkCount == 0)
        }
    }

    @Test
    func aWrongPeerIsNotConnectedOnEitherSide() throws {
        try Simulation.run { simulation in
            let pair = try Pair(simulation)
            #expect(throws: NetworkError(.peerMismatch, "")) { try pair.connect(expecting: pair.client.peerID) }
            simulation.loop.runUntilIdle()
            #expect(pair.server.connections.isEmpty)
            #expect(pair.server.admissions == 0)
            #expect(simulation.network.memory.linkCount == 0)
        }
    }

    @Test
    func aRefusedCallFailsAtTheDialer() throws {
        try Simulation.run { simulation in
            let pair = try Pair(simulation)
            pair.server.refusal = NetworkError(.refused, "No.")
            #expect(throws: NetworkError(.refused, "")) { try pair.connect() }
            #expect(simulation.network.memory.linkCount == 0)
        }
    }

    @Test
    func aCancelledDialLeavesNothing() throws {
        try Simulation.run { simulation in
            let pair = try Pair(simulation)
            let client = pair.client
            let dialling = simulation.begin {
                try await simulation.network.transport(for: client.identity.publicKey)
                    .dial(.memory(1), expecting: nil, upgrader: client, on: simulation.executor)
            }
            // The call has been answered, but the answer is still under way.
            simulation.network.weather.latency = .seconds(1)...(.seconds(1))
            simulation.loop.run(until: { pair.server.connections.count == 1 })
            #expect(!dialling.isKnown)
            dialling.cancel()
            simulation.loop.runUntilIdle()
            #expect(throws: NetworkError(.cancelled, "")) { try dialling.get() }
            #expect(client.connections.isEmpty)
            #expect(pair.server.connections.isEmpty)
            #expect(simulation.network.memory.linkCount == 0)
        }
    }

    @Test
    func moreThanAWindowGoesBothWaysInOrder() throws {
        try Simulation.run { simulation in
            simulation.network.weather.loss = 0.1
            let pair = try Pair(simulation, serving: [Self.echo])
            let connection = try pair.connect()
            let executor = simulation.executor
            let sent = simulation.random.bytes(1_500_000)
            let received = try simulation.perform {
                try await connection.withStream(["/echo"]) { stream in
                    // The stream is confined to the loop: what reads it runs beside what writes it there.
                    let bound = NIOLoopBound(stream, eventLoop: executor.loop)
                    let writing = executor.spawn {
                        try? await bound.value.write(ByteBuffer(bytes: sent))
                        bound.value.closeWrite()
                    }
                    var received: [UInt8] = []
                    while let bytes = try await stream.read() { received += bytes.readableBytesView }
                    await writing.value
                    return received
                }
            }
            #expect(received == sent)
            simulation.loop.runUntilIdle()
            #expect(pair.server.streamCount == 0)
            #expect(executor.bufferedBytes == 0)
        }
    }

    @Test
    func aReaderThatDoesNotReadStopsTheWriter() throws {
        try Simulation.run { simulation in
            let stubborn = TestNode.Handler("/stubborn") { stream in
                try await stream.connection.executor.sleep(for: .seconds(30))
            }
            let pair = try Pair(simulation, serving: [stubborn])
            let connection = try pair.connect()
            let writing = simulation.begin {
                try await connection.withStream(["/stubborn"]) { stream in
                    try await stream.write(ByteBuffer(repeating: 7, count: 1_000_000))
                }
            }
            simulation.loop.advance(by: .seconds(20))
            #expect(!writing.isKnown)
            // The multistream messages are in the window too.
            #expect(simulation.executor.bufferedBytes <= 256 * 1024)
            #expect(simulation.executor.bufferedBytes > 200 * 1024)
            // A handler that has returned reads no more, but the stream lives on until its limit.
            simulation.loop.advance(by: .seconds(60))
            #expect(writing.isKnown)
            #expect(simulation.executor.bufferedBytes == 0)
        }
    }

    @Test
    func aResetReachesTheOtherSide() throws {
        try Simulation.run { simulation in
            let failing = TestNode.Handler("/fails") { stream in
                _ = try await stream.read()
                throw NetworkError(.malformed, "This is not what I read.")
            }
            let pair = try Pair(simulation, serving: [failing])
            let connection = try pair.connect()
            #expect(throws: NetworkError(.reset, "")) {
                try simulation.perform {
                    try await connection.withStream(["/fails"]) { stream in
                        try await stream.write([1])
                        _ = try await stream.read()
                    }
                }
            }
            #expect(pair.server.connections.count == 1)
        }
    }

    @Test
    func addressesAreTakenOnce() throws {
        try Simulation.run { simulation in
            let node = try simulation.makeNode()
            let transport = simulation.network.transport(for: node.identity.publicKey)
            #expect(throws: NetworkError(.system, "")) {
                try simulation.perform {
                    _ = try await transport.listen(on: .memory(1), upgrader: node, loops: simulation.loops)
                    _ = try await transport.listen(on: .memory(1), upgrader: node, loops: simulation.loops)
                }
            }
            let addresses = try simulation.perform {
                let first = try await transport.listen(on: .memory(0), upgrader: node, loops: simulation.loops)
                let second = try await transport.listen(on: .memory(0), upgrader: node, loops: simulation.loops)
                await first.close()
                return [first.address, second.address]
            }
            #expect(addresses[0] != addresses[1])
            #expect(throws: NetworkError(.unreachable, "")) {
                try simulation.perform {
                    _ = try await transport.dial(
                        addresses[0], expecting: nil, upgrader: node, on: simulation.executor)
                }
            }
        }
    }
}
