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
                    Outcome(peer: caller.id, result: .failed, attempts: HolePunchService.maxAttempts)
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
