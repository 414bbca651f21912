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

/// Returns no connection before two have been made.
private final class PairedCalls: Transport {
    private let base: MemoryTransport
    private let connections = Mutex(0)
    private let areBothThere: EventLoopPromise<Void>

    init(base: MemoryTransport, on loop: any EventLoop) {
        self.base = base
        areBothThere = loop.makePromise()
    }

    func canDial(_ address: Multiaddr) -> Bool { base.canDial(address) }

    func canListen(on address: Multiaddr) -> Bool { base.canListen(on: address) }

    func dial(
        _ address: Multiaddr, expecting peer: PeerID?, upgrader: any ConnectionUpgrader, on executor: LoopExecutor
    ) async throws -> Connection {
        let connection = try await base.dial(address, expecting: peer, upgrader: upgrader, on: executor)
        let count = connections.withLock { count in
            count += 1
            return count
        }
        if count == 2 { areBothThere.succeed(()) }
        try await areBothThere.futureResult.get()
        return connection
    }

    func listen(
        on address: Multiaddr, upgrader: any ConnectionUpgrader, loops: LoopGroup
    ) async throws -> any Listener {
        try await base.listen(on: address, upgrader: upgrader, loops: loops)
    }
}

/// Hosts on the simulated network.
private struct World {
    let simulation: Simulation

    func host(_ change: (inout HostConfiguration) -> Void = { _ in }) throws -> Host {
        var configuration = HostConfiguration()
        change(&configuration)
        let identity = try simulation.makeIdentity()
        let host = Host(
            identity: identity, loops: simulation.loops,
            transports: [simulation.network.transport(for: identity.publicKey)], configuration: configuration,
            clock: simulation.clock, random: simulation.random)
        _ = try simulation.perform { try await host.listen(on: Multiaddr("/memory/0")) }
        return host
    }

    @discardableResult
    func connect(_ from: Host, _ to: Host) throws -> Connection {
        let addresses = to.listenAddresses
        return try simulation.perform { try await from.connect(to: to.localPeer, at: addresses) }
    }

    func close(_ connection: Connection) throws {
        try simulation.perform { await connection.close() }
        settle()
    }

    /// Lets what is under way arrive.
    func settle() { simulation.loop.advance(by: .seconds(2)) }
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

    @Test func concurrentDialsOfAPeerAreJoined() throws {
        try Simulation.run { simulation in
            let world = World(simulation: simulation)
            let (a, b) = (try world.host(), try world.host())
            let (peer, addresses) = (b.localPeer, b.listenAddresses)
            let all = (0..<10).map { _ in simulation.begin { try await a.connect(to: peer, at: addresses) } }
            #expect(simulation.loop.run(until: { all.allSatisfy(\.isKnown) }))
            let ids = try all.map { try $0.get().id }
            #expect(Set(ids).count == 1)
            #expect(a.counters[.dialStarted] == 1)
        }
    }

    @Test func ofTwoAddressesThatAnswerInTheSameMomentOneIsKept() throws {
        try Simulation.run { simulation in
            let world = World(simulation: simulation)
            let b = try world.host()
            _ = try simulation.perform { try await b.listen(on: Multiaddr("/memory/0")) }
            let identity = try simulation.makeIdentity()
            let transport = PairedCalls(
                base: simulation.network.transport(for: identity.publicKey), on: simulation.loop)
            let a = Host(
                identity: identity, loops: simulation.loops, transports: [transport],
                configuration: HostConfiguration(), clock: simulation.clock, random: simulation.random)
            let connection = try world.connect(a, b)
            world.settle()
            #expect(a.counters[.openedOutbound] == 2)
            #expect(a.connectionCount == 1 && b.connectionCount == 1)
            #expect(a.connections.first === connection)
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

    @Test func theWrongPeerAtAnAddressIsFoundOut() throws {
        try Simulation.run { simulation in
            let world = World(simulation: simulation)
            let (a, b, c) = (try world.host(), try world.host(), try world.host())
            let (wanted, addresses) = (c.localPeer, b.listenAddresses)
            #expect(throws: NetworkError.self) {
                try simulation.perform { try await a.connect(to: wanted, at: addresses) }
            }
            #expect(a.connectionCount == 0)
        }
    }

    @Test func aFailedAddressIsLeftAloneForAWhile() throws {
        try Simulation.run { simulation in
            let world = World(simulation: simulation)
            let (a, b) = (try world.host(), try world.host())
            let (peer, addresses) = (b.localPeer, b.listenAddresses)
            try simulation.perform { await b.close() }
            for _ in 0..<3 {
                #expect(throws: NetworkError(.unreachable, "")) {
                    try simulation.perform { try await a.connect(to: peer, at: addresses) }
                }
            }
            #expect(a.counters[.dialStarted] == 1)
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
