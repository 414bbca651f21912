import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import LibP2PTransports
import Multiformats
import NIOCore
import Synchronization
import Testing

@testable import LibP2PHost

/// Sends back what comes.
private struct Echo: StreamHandler {
    let protocols: [ProtocolID] = ["/echo/1.0.0"]
    var limits = StreamLimits()

    func handle(_ stream: Stream) async throws {
        while let bytes = try await stream.read() { try await stream.write(bytes) }
    }
}

/// Reads and never answers.
private struct Silence: StreamHandler {
    let protocols: [ProtocolID] = ["/silence/1.0.0"]
    var limits = StreamLimits()

    func handle(_ stream: Stream) async throws {
        while try await stream.read() != nil {}
    }
}

/// Reads byte by byte, once it may, and notes which stream each one came from.
private final class GatedReader: StreamHandler {
    let protocols: [ProtocolID] = ["/gated/1.0.0"]
    let limits = StreamLimits()
    let gate: EventLoopPromise<Void>
    let order = Mutex<[UInt64]>([])

    init(on loop: any EventLoop) { gate = loop.makePromise() }

    func handle(_ stream: Stream) async throws {
        try await gate.futureResult.get()
        let id = stream.id
        for _ in 0..<20 where try await stream.read(exactly: 1) != nil { order.withLock { $0.append(id) } }
    }
}

private func echoed(_ connection: Connection, _ text: String) async throws -> String {
    try await connection.withStream(["/echo/1.0.0"]) { stream in
        try await stream.write(ByteBuffer(string: text))
        return String(buffer: try await stream.read(exactly: text.utf8.count) ?? ByteBuffer())
    }
}

@Suite struct HostTests {
    @Test func twoHostsSpeakAProtocol() throws {
        try Simulation.run { simulation in
            let world = World(simulation: simulation)
            let (a, b) = (try world.host(), try world.host())
            b.serve(Echo())
            let connection = try world.connect(a, b)
            #expect(try simulation.perform { try await echoed(connection, "hello") } == "hello")
            #expect(a.connectionCount == 1 && b.connectionCount == 1)
            #expect(b.connections(to: a.localPeer).first?.isInbound == true)
            world.settle()
            #expect(b.activeStreams["/echo/1.0.0"] == 0)
            #expect(b.counters[.openedInbound] == 1 && a.counters[.openedOutbound] == 1)
            try world.close(connection)
            #expect(a.connectionCount == 0 && b.connectionCount == 0)
        }
    }

    @Test func connectingTwiceUsesTheSameConnection() throws {
        try Simulation.run { simulation in
            let world = World(simulation: simulation)
            let (a, b) = (try world.host(), try world.host())
            let first = try world.connect(a, b)
            let second = try world.connect(a, b)
            #expect(second === first)
            let back = try world.connect(b, a)
            #expect(back.remotePeer == a.localPeer)
            #expect(a.connectionCount == 1 && b.connectionCount == 1)
        }
    }

    @Test func unknownProtocolsAreRefused() throws {
        try Simulation.run { simulation in
            let world = World(simulation: simulation)
            let (a, b) = (try world.host(), try world.host())
            let connection = try world.connect(a, b)
            #expect(throws: NetworkError(.unsupportedProtocol, "")) {
                try simulation.perform { try await echoed(connection, "hello") }
            }
            b.serve(Echo())
            let text = try simulation.perform {
                try await connection.withStream(["/other/1", "/echo/1.0.0"]) { stream in
                    try await stream.write(ByteBuffer(string: "x"))
                    return "\(stream.protocolID?.name ?? "") \(String(buffer: try await stream.read() ?? ByteBuffer()))"
                }
            }
            #expect(text == "/echo/1.0.0 x")
            b.stopServing(["/echo/1.0.0"])
            #expect(throws: NetworkError(.unsupportedProtocol, "")) {
                try simulation.perform { try await echoed(connection, "hello") }
            }
        }
    }

    @Test func streamsBeyondTheProtocolsLimitAreReset() throws {
        try Simulation.run { simulation in
            let world = World(simulation: simulation)
            let (a, b) = (try world.host(), try world.host())
            b.serve(Silence(limits: StreamLimits(perConnection: 2, idle: .seconds(20))))
            let connection = try world.connect(a, b)
            let streams = (0..<5).map { _ in
                simulation.begin {
                    try await connection.withStream(["/silence/1.0.0"]) { stream in
                        try await stream.write([1])
                        _ = try await stream.read()
                    }
                }
            }
            world.settle()
            #expect(b.activeStreams["/silence/1.0.0"] == 2)
            #expect(streams.count { $0.isKnown } == 3)
            // The two that were let in do nothing, which their protocol allows for 20 s.
            simulation.loop.advance(by: .seconds(22))
            #expect(b.activeStreams["/silence/1.0.0"] == 0)
            let areAllKnown = streams.allSatisfy { $0.isKnown }
            #expect(areAllKnown)
        }
    }

    /// Both streams have all their bytes when their handlers begin to read, and neither would ever have to wait.
    @Test func streamsThatNeverWaitTakeTurns() throws {
        try Simulation.run { simulation in
            let world = World(simulation: simulation)
            let (a, b) = (try world.host(), try world.host())
            let count = 20
            let reader = GatedReader(on: simulation.loop)
            b.serve(reader)
            let connection = try world.connect(a, b)
            let works = (0..<2).map { _ in
                simulation.begin {
                    try await connection.withStream(reader.protocols) { stream in
                        try await stream.write([UInt8](repeating: 0, count: count))
                        _ = try await stream.read()
                    }
                }
            }
            world.settle()
            reader.gate.succeed(())
            world.settle()
            for work in works { try work.get() }
            let order = reader.order.withLock { $0 }
            let (first, second) = (try #require(order.first), try #require(order.last))
            #expect(first != second && order.count == 2 * count)
            let (end, start) = (try #require(order.lastIndex(of: first)), try #require(order.firstIndex(of: second)))
            #expect(start < end)
        }
    }

    @Test func aStreamThatNegotiatesNothingIsReset() throws {
        try Simulation.run { simulation in
            let world = World(simulation: simulation)
            let (a, b) = (try world.host(), try world.host())
            let connection = try world.connect(a, b)
            let stuck = simulation.begin { try await Self.openAndWait(connection) }
            simulation.loop.advance(by: .seconds(3))
            #expect(!stuck.isKnown)
            simulation.loop.advance(by: .seconds(10))
            #expect(stuck.isKnown)
        }
    }

    private static func openAndWait(_ connection: isolated Connection) async throws {
        let stream = try connection.openStream()
        _ = try await stream.read()
    }

    @Test func aTimeoutEndsTheExchange() throws {
        try Simulation.run { simulation in
            let world = World(simulation: simulation)
            let (a, b) = (try world.host(), try world.host())
            b.serve(Silence())
            let connection = try world.connect(a, b)
            #expect(throws: NetworkError(.timeout, "")) {
                try simulation.perform {
                    try await connection.withStream(["/silence/1.0.0"], timeout: .seconds(3)) { stream in
                        try await stream.write([1])
                        _ = try await stream.read()
                    }
                }
            }
        }
    }

    @Test func cancellingTheTaskResetsTheStream() throws {
        try Simulation.run { simulation in
            let world = World(simulation: simulation)
            let (a, b) = (try world.host(), try world.host())
            b.serve(Silence())
            let connection = try world.connect(a, b)
            let work = simulation.begin {
                try await connection.withStream(["/silence/1.0.0"]) { stream in
                    try await stream.write([1])
                    _ = try await stream.read()
                }
            }
            world.settle()
            work.cancel()
            world.settle()
            #expect(work.isKnown)
            #expect(throws: NetworkError(.cancelled, "")) { try work.get() }
            #expect(b.activeStreams["/silence/1.0.0"] == 0)
        }
    }

    @Test func connectionsToOnePeerAreLimited() throws {
        try Simulation.run { simulation in
            let world = World(simulation: simulation)
            let (a, b) = (try world.host(), try world.host { $0.limits.perPeer = 2 })
            let address = try #require(b.listenAddresses.first)
            for _ in 0..<4 { _ = try? simulation.perform { try await a.dial(address, expecting: nil) } }
            world.settle()
            #expect(b.connectionCount == 2)
            #expect(b.counters[RefusalReason.perPeer] == 2)
        }
    }

    @Test(arguments: [nil, 3, 1]) func streamsOfAProtocolAreLimited(ownTotal: Int?) throws {
        try Simulation.run { simulation in
            let world = World(simulation: simulation)
            let (a, b) = (try world.host(), try world.host { $0.streamsPerProtocol = 2 })
            b.serve(Silence(limits: StreamLimits(total: ownTotal)))
            let connection = try world.connect(a, b)
            let works = (0..<4).map { _ in
                simulation.begin {
                    try await connection.withStream(["/silence/1.0.0"]) { stream in
                        try await stream.write([1])
                        _ = try await stream.read()
                    }
                }
            }
            world.settle()
            // The smaller of both bounds holds: the host's, and the protocol's own.
            #expect(b.activeStreams["/silence/1.0.0"] == min(2, ownTotal ?? 2))
            for work in works { work.cancel() }
            world.settle()
            #expect(b.activeStreams["/silence/1.0.0"] == 0)
        }
    }

    @Test func theTotalIsLimitedAndProtectedPeersAreSpared() throws {
        try Simulation.run { simulation in
            let world = World(simulation: simulation)
            let b = try world.host {
                $0.limits.total = 2
                $0.trimming.highWater = 0
            }
            let clients = try (0..<4).map { _ in try world.host() }
            b.protect(clients[3].localPeer, tag: "test")
            for client in clients { _ = try? world.connect(client, b) }
            world.settle()
            #expect(b.connectionCount == 3)
            #expect(b.counters[RefusalReason.total] == 1)
            #expect(b.connections(to: clients[3].localPeer).count == 1)
        }
    }

    @Test func deniedPeersAreRefusedInBothDirections() throws {
        try Simulation.run { simulation in
            let world = World(simulation: simulation)
            let (a, b) = (try world.host(), try world.host())
            b.access.deniedPeers = [a.localPeer]
            _ = try? world.connect(a, b)
            world.settle()
            #expect(b.connectionCount == 0)
            #expect(throws: NetworkError(.refused, "")) { try world.connect(b, a) }
            #expect(b.counters[RefusalReason.denied] == 2)
        }
    }

    @Test func theLeastWorthyConnectionsAreTrimmed() throws {
        try Simulation.run { simulation in
            let world = World(simulation: simulation)
            let b = try world.host {
                $0.trimming.highWater = 6
                $0.trimming.lowWater = 3
                $0.trimming.gracePeriod = .seconds(5)
            }
            let clients = try (0..<7).map { _ in try world.host() }
            for client in clients.prefix(6) { try world.connect(client, b) }
            b.protect(clients[0].localPeer, tag: "test")
            b.tag(clients[1].localPeer, "test", value: 10)
            simulation.loop.advance(by: .seconds(10))
            #expect(b.connectionCount == 6)
            // The seventh is above the mark, and within its grace period.
            try world.connect(clients[6], b)
            simulation.loop.advance(by: .seconds(3))
            #expect(b.connectionCount == 3)
            for kept in [0, 1, 6] { #expect(b.connections(to: clients[kept].localPeer).count == 1, "\(kept)") }
            #expect(b.counters[.trimmed] == 4)
        }
    }

    @Test func observersAreTold() throws {
        final class Witness: NetworkObserver {
            let seen = Mutex<[String]>([])
            func connectionOpened(_ connection: Connection) { seen.withLock { $0.append("opened") } }
            func connectionClosed(_ connection: Connection, _ error: NetworkError) {
                seen.withLock { $0.append("closed") }
            }
            func selfChanged() { seen.withLock { $0.append("changed") } }
        }
        try Simulation.run { simulation in
            let world = World(simulation: simulation)
            let (a, b) = (try world.host(), try world.host())
            let witness = Witness()
            b.addObserver(witness)
            b.serve(Echo())
            let connection = try world.connect(a, b)
            try world.close(connection)
            #expect(witness.seen.withLock { $0 } == ["changed", "opened", "closed"])
        }
    }

    @Test func aClosedHostRefusesAndLeavesNothingBehind() throws {
        try Simulation.run { simulation in
            let world = World(simulation: simulation)
            let (a, b) = (try world.host(), try world.host())
            b.serve(Silence())
            let connection = try world.connect(a, b)
            let stream = simulation.begin {
                try await connection.withStream(["/silence/1.0.0"]) { stream in
                    try await stream.write([1])
                    _ = try await stream.read()
                }
            }
            world.settle()
            try simulation.perform { await b.close() }
            world.settle()
            #expect(stream.isKnown)
            #expect(a.connectionCount == 0 && b.connectionCount == 0)
            #expect(b.protocols.isEmpty && b.activeStreams.isEmpty)
            #expect(b.counters[.streamOpened] == 1 && b.counters[.streamClosed] + b.counters[.streamReset] == 1)
            #expect(simulation.executor.bufferedBytes == 0)
        }
    }

    @Test func closedConnectionsAreFreed() throws {
        try Simulation.run { simulation in
            let world = World(simulation: simulation)
            let (a, b) = (try world.host(), try world.host())
            b.serve(Echo())
            weak var near: Connection?
            weak var far: Connection?
            try {
                let connection = try world.connect(a, b)
                near = connection
                far = b.connections(to: a.localPeer).first
                #expect(try simulation.perform { try await echoed(connection, "hello") } == "hello")
                try world.close(connection)
            }()
            simulation.loop.advance(by: .seconds(120))
            #expect(near == nil && far == nil)
        }
    }
}
