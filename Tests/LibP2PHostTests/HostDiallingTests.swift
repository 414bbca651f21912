import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import LibP2PTransports
import Multiformats
import NIOCore
import Synchronization
import Testing

@testable import LibP2PHost

/// Returns no connection before so many have been made.
private final class GatheredCalls: Transport {
    private let base: MemoryTransport
    private let missing: Mutex<Int>
    private let areAllThere: EventLoopPromise<Void>

    init(base: MemoryTransport, count: Int, on loop: any EventLoop) {
        self.base = base
        missing = Mutex(count)
        areAllThere = loop.makePromise()
    }

    /// As if one more had been made.
    func add() {
        let left = missing.withLock { missing in
            missing -= 1
            return missing
        }
        if left == 0 { areAllThere.succeed(()) }
    }

    func canDial(_ address: Multiaddr) -> Bool { base.canDial(address) }

    func canListen(on address: Multiaddr) -> Bool { base.canListen(on: address) }

    func dial(
        _ address: Multiaddr, expecting peer: PeerID?, upgrader: any ConnectionUpgrader, on executor: LoopExecutor
    ) async throws -> Connection {
        let connection = try await base.dial(address, expecting: peer, upgrader: upgrader, on: executor)
        add()
        try await areAllThere.futureResult.get()
        return connection
    }

    func listen(
        on address: Multiaddr, upgrader: any ConnectionUpgrader, loops: LoopGroup
    ) async throws -> any Listener {
        try await base.listen(on: address, upgrader: upgrader, loops: loops)
    }
}

@Suite struct HostDiallingTests {
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
            let (a, _) = try gathering(2, in: simulation)
            let connection = try world.connect(a, b)
            world.settle()
            #expect(a.counters[.openedOutbound] == 2)
            #expect(a.connectionCount == 1 && b.connectionCount == 1)
            #expect(a.connections.first === connection)
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

    @Test func aConnectionThatWasMadeIsReturnedToWhoGaveUp() throws {
        try Simulation.run { simulation in
            let world = World(simulation: simulation)
            let b = try world.host()
            let (a, transport) = try gathering(2, in: simulation)
            let address = try #require(b.listenAddresses.first)
            let dialling = simulation.begin { try await a.dial(address, expecting: b.localPeer) }
            world.settle()
            #expect(a.connectionCount == 1)
            dialling.cancel()
            world.settle()
            transport.add()
            world.settle()
            let connection = try dialling.get()
            #expect(a.connections.first === connection)
        }
    }

    /// A host whose dials end when `count` connections have been made.
    private func gathering(_ count: Int, in simulation: Simulation) throws -> (Host, GatheredCalls) {
        let identity = try simulation.makeIdentity()
        let transport = GatheredCalls(
            base: simulation.network.transport(for: identity.publicKey), count: count, on: simulation.loop)
        let host = Host(
            identity: identity, loops: simulation.loops, transports: [transport], configuration: HostConfiguration(),
            clock: simulation.clock, random: simulation.random)
        return (host, transport)
    }
}
