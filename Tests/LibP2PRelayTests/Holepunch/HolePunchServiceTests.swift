import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Testing

@testable import LibP2PRelay

struct HolePunchServiceTests {
    private typealias Outcome = HolePunchService.Outcome

    /// Starts hole punching on a machine.
    private func punching(
        _ machine: RelayedWorld.Machine, _ outcomes: Box<[Outcome]> = Box([])
    ) -> RelayedWorld.Machine {
        let service = HolePunchService(network: machine.host, logger: .silent) { outcome in
            outcomes.change { $0.append(outcome) }
        }
        service.start()
        var machine = machine
        machine.parts.append(service)
        return machine
    }

    private func hasDirect(_ from: RelayedWorld.Machine, _ to: RelayedWorld.Machine) -> Bool {
        from.host.connections(to: to.id).contains { !$0.isRelayed }
    }

    @Test func aPeerThatCanBeReachedIsDialled() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, _) = try world.relay("8.8.8.1")
            let outcomes = Box<[Outcome]>([])
            let hidden = punching(try world.machine("8.8.8.2", listens: false), outcomes)
            let caller = punching(try world.machine("8.8.8.3"))
            try world.listen(hidden, behind: relay)
            let relayed = try world.dial(caller, hidden, through: relay)
            world.pass(.seconds(10))
            #expect(outcomes.value == [Outcome(peer: caller.id, result: .reachable, attempts: 0)])
            #expect(hasDirect(caller, hidden))
            let id = hidden.id
            let best = try simulation.perform { try await caller.host.connect(to: id) }
            #expect(best !== relayed && !best.isLimited)
        }
    }

    /// Nothing but the relay's traffic speaks against a circuit without limits, and that is enough.
    @Test func aDirectConnectionIsPreferredToACircuitWithoutLimits() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            var limits = RelayLimits()
            limits.circuit = CircuitBounds(duration: .zero, bytes: 0)
            let (relay, _) = try world.relay("8.8.8.1", limits)
            let hidden = punching(try world.machine("8.8.8.2", listens: false))
            let caller = punching(try world.machine("8.8.8.3"))
            try world.listen(hidden, behind: relay)
            let relayed = try world.dial(caller, hidden, through: relay)
            #expect(!relayed.isLimited)
            world.pass(.seconds(10))
            #expect(caller.host.connections(to: hidden.id).map(\.isRelayed) == [false, true])
            let id = hidden.id
            let best = try simulation.perform { try await caller.host.connect(to: id) }
            #expect(!best.isRelayed)
        }
    }

    @Test func twoThatTellTheirAddressesMeet() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, _) = try world.relay("8.8.8.1")
            let outcomes = Box<[Outcome]>([])
            let hidden = punching(try world.machine("8.8.8.2", listens: false), outcomes)
            let caller = punching(try world.machine("8.8.8.3"))
            world.registry.hideAddresses(of: caller.id)
            try world.listen(hidden, behind: relay)
            _ = try world.dial(caller, hidden, through: relay)
            world.pass(.seconds(10))
            #expect(outcomes.value == [Outcome(peer: caller.id, result: .punched, attempts: 1)])
            #expect(hasDirect(caller, hidden) && hasDirect(hidden, caller))
        }
    }

    /// The side that came through the relay dials when SYNC has come.
    @Test func theOtherSideDialsToo() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, _) = try world.relay("8.8.8.1")
            let outcomes = Box<[Outcome]>([])
            let hidden = punching(try world.machine("8.8.8.2"), outcomes)
            let caller = punching(try world.machine("8.8.8.3", listens: false))
            try world.listen(hidden, behind: relay)
            _ = try world.dial(caller, hidden, through: relay)
            world.pass(.seconds(10))
            #expect(outcomes.value.map(\.result) == [.punched])
            #expect(hidden.host.connections(to: caller.id).contains { $0.isInbound && !$0.isRelayed })
        }
    }

    /// A program that follows the spec to the letter begins its next round on the stream of the last one.
    @Test func anotherRoundMayComeOnTheSameStream() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, _) = try world.relay("8.8.8.1")
            let hidden = try world.machine("8.8.8.2")
            let caller = punching(try world.machine("8.8.8.3", listens: false))
            try world.listen(hidden, behind: relay)
            _ = try world.dial(caller, hidden, through: relay)
            let connection = try #require(hidden.host.connections(to: caller.id).first)
            let address = try #require(hidden.host.listenAddresses.first { !$0.isCircuit })
            let nowhere = try Multiaddr("/ip4/8.8.8.99/tcp/4001")
            try simulation.perform {
                try await connection.withStream([HolePunchService.protocolID], allowsLimited: true) { stream in
                    for told in [nowhere, address] {
                        let connect = HolePunchMessage(.connect, observedAddresses: [told.bytes])
                        try await stream.write(message: connect)
                        let answer = try await stream.message(
                            HolePunchMessage.self, max: HolePunchMessage.maxLength)
                        #expect(answer?.kind == .connect)
                        try await stream.write(message: HolePunchMessage(.sync))
                    }
                    #expect(try await stream.read() == nil)
                }
            }
            #expect(hasDirect(caller, hidden))
        }
    }

    /// A circuit is of no more use when there is a direct connection, but what runs on it is not cut off.
    @Test func theRelayedConnectionEndsWhenNothingRunsOnIt() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            var limits = RelayLimits()
            limits.circuit = CircuitBounds(duration: .zero, bytes: 0)
            let (relay, server) = try world.relay("8.8.8.1", limits)
            let hidden = punching(try world.machine("8.8.8.2", listens: false))
            let caller = punching(try world.machine("8.8.8.3"))
            try world.listen(hidden, behind: relay)
            let relayed = try world.dial(caller, hidden, through: relay)
            let executor = relayed.executor
            let echo = simulation.begin {
                try await relayed.withStream([RelayedEcho.protocolID]) { stream in
                    for _ in 0..<5 {
                        try await executor.sleep(for: .seconds(30))
                        try await stream.write(ByteBuffer(string: "beat"))
                        _ = try await stream.read(exactly: 4)
                    }
                    return true
                }
            }
            world.pass(.seconds(140))
            #expect(caller.host.connections(to: hidden.id).map(\.isRelayed) == [false, true])
            world.pass(.seconds(100))
            #expect(try echo.get())
            for (one, other) in [(caller, hidden), (hidden, caller)] {
                #expect(one.host.connections(to: other.id).map(\.isRelayed) == [false])
            }
            #expect(server.circuitCount == 0)
            #expect(server.reservationCount == 1)
        }
    }

    @Test func whoCannotMeetKeepsTheRelay() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, _) = try world.relay("8.8.8.1")
            let outcomes = Box<[Outcome]>([])
            let hidden = punching(try world.machine("8.8.8.2", listens: false), outcomes)
            let caller = punching(try world.machine("8.8.8.3", listens: false))
            try world.listen(hidden, behind: relay)
            let relayed = try world.dial(caller, hidden, through: relay)
            world.pass(.seconds(60))
            #expect(
                outcomes.value == [
                    Outcome(peer: caller.id, result: .failed, attempts: HolePunchExchange.maxRounds)
                ])
            #expect(try world.echo(relayed) == "hello")
        }
    }

    @Test func peersWithoutTheProtocolAreLeftAlone() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, _) = try world.relay("8.8.8.1")
            let outcomes = Box<[Outcome]>([])
            let hidden = punching(try world.machine("8.8.8.2", listens: false), outcomes)
            let caller = try world.machine("8.8.8.3")
            try world.listen(hidden, behind: relay)
            _ = try world.dial(caller, hidden, through: relay)
            world.pass(.seconds(60))
            #expect(outcomes.value.isEmpty)
            #expect(!hasDirect(hidden, caller))
        }
    }

    @Test func theProtocolIsForRelayedConnectionsOnly() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, _) = try world.relay("8.8.8.1")
            let hidden = punching(try world.machine("8.8.8.2"))
            let caller = try world.machine("8.8.8.3")
            try world.listen(hidden, behind: relay)
            let address = try #require(hidden.host.listenAddresses.first { !$0.isCircuit })
            let direct = try simulation.perform { try await caller.host.dial(address, expecting: hidden.id) }
            let relayed = try world.dial(caller, hidden, through: relay)
            // On the direct one nobody begins; on the relayed one the other side does.
            for connection in [direct, relayed] {
                #expect(throws: NetworkError(.reset, "")) {
                    try simulation.perform {
                        try await connection.withStream(
                            [HolePunchService.protocolID], timeout: .seconds(90), allowsLimited: true
                        ) { stream in
                            try await stream.write(message: HolePunchMessage(.connect))
                            _ = try await stream.message(HolePunchMessage.self, max: HolePunchMessage.maxLength)
                            throw NetworkError(.misuse, "It was answered.")
                        }
                    }
                }
            }
        }
    }
}
