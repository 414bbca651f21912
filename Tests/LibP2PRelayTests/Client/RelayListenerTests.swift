import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Testing

@testable import LibP2PRelay

struct RelayListenerTests {
    @Test func aReservationIsRenewedBeforeItEnds() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, server) = try world.relay("8.8.8.1")
            let hidden = try world.machine("8.8.8.2", listens: false)
            try world.listen(hidden, behind: relay)
            world.pass(.seconds(44 * 60))
            #expect(server.counters[.renewed] == 0)
            world.pass(.seconds(2 * 60))
            #expect(server.counters[.renewed] == 1)
            world.pass(.seconds(10 * 3600))
            #expect(server.reservationCount == 1)
            #expect(server.counters[.expired] == 0)
            #expect(server.counters[.reserved] == 1)
            #expect(hidden.transport.holdsReservation(at: relay.id))
        }
    }

    @Test func aLostPlaceIsGotAgain() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, server) = try world.relay("8.8.8.1")
            let hidden = try world.machine("8.8.8.2", listens: false)
            try world.listen(hidden, behind: relay)
            let connection = try #require(relay.host.connections(to: hidden.id).first)
            simulation.executor.spawn { await connection.close() }
            #expect(simulation.loop.run(until: { hidden.host.listenAddresses.isEmpty }, atMost: .seconds(1)))
            #expect(!hidden.transport.holdsReservation(at: relay.id))
            #expect(simulation.loop.run(until: { !hidden.host.listenAddresses.isEmpty }, atMost: .seconds(10)))
            #expect(server.reservationCount == 1)
            let caller = try world.machine("8.8.8.3")
            #expect(try world.echo(try world.dial(caller, hidden, through: relay)) == "hello")
        }
    }

    /// So that identify tells connected peers.
    @Test func theHostTellsThatItsAddressesChanged() throws {
        final class Watch: NetworkObserver {
            let seen = Box<[[Multiaddr]]>([])
            let host: Host
            init(_ host: Host) { self.host = host }
            func selfChanged() {
                let addresses = host.addresses
                seen.change { if $0.last != addresses { $0.append(addresses) } }
            }
        }
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, _) = try world.relay("8.8.8.1")
            let hidden = try world.machine("8.8.8.2", listens: false)
            let watch = Watch(hidden.host)
            hidden.host.addObserver(watch)
            try world.listen(hidden, behind: relay)
            let connection = try #require(relay.host.connections(to: hidden.id).first)
            simulation.close(connection)
            world.pass(.seconds(10))
            let circuit = try relay.circuit
            #expect(watch.seen.value == [[], [circuit], [], [circuit]])
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func aPeerBehindAFlickeringRelayStaysReachable(seed: UInt64) throws {
        try Simulation.run(seed: seed) { simulation in
            let world = RelayedWorld(simulation: simulation)
            simulation.network.weather.loss = 0.05
            let (relay, server) = try world.relay("8.8.8.1")
            let hidden = try world.machine("8.8.8.2", listens: false)
            let caller = try world.machine("8.8.8.3")
            try world.listen(hidden, behind: relay)
            var generator = simulation.random.generator
            for _ in 0..<30 {
                world.pass(.seconds(Int64.random(in: 0...120, using: &generator)))
                switch Int.random(in: 0..<3, using: &generator) {
                case 0:
                    for connection in relay.host.connections(to: hidden.id) { simulation.close(connection) }
                case 1:
                    _ = try? world.dial(caller, hidden, through: relay)
                default:
                    simulation.network.partition([[relay.id], [hidden.id]])
                    world.pass(.seconds(Int64.random(in: 0...60, using: &generator)))
                    simulation.network.heal()
                }
            }
            // As long as a broken line may go unnoticed, and the longest wait after that.
            world.pass(.seconds(900))
            #expect(server.reservationCount == 1)
            #expect(hidden.host.addresses == [try relay.circuit])
            #expect(try world.echo(try world.dial(caller, hidden, through: relay)) == "hello")
            world.pass(.seconds(600))
            #expect(server.circuitCount == 0)
            #expect(hidden.host.activeStreams[RelayProtocols.stop] == 0)
        }
    }

    @Test func aListenerThatIsClosedLeavesNothingBehind() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, _) = try world.relay("8.8.8.1")
            let hidden = try world.machine("8.8.8.2", listens: false)
            let listener = try world.listen(hidden, behind: relay)
            #expect(hidden.host.protocols.contains(RelayProtocols.stop))
            #expect(hidden.host.protocols.contains(RelayProtocols.version1))
            #expect(throws: NetworkError(.misuse, "")) { try world.listen(hidden, behind: relay) }
            try simulation.perform { await hidden.host.stopListening(on: listener.address) }
            #expect(hidden.host.protocols == [RelayedEcho.protocolID])
            #expect(hidden.host.listenAddresses.isEmpty)
            world.pass(.seconds(3600))
            #expect(!hidden.transport.holdsReservation(at: relay.id))
        }
    }

    @Test func aRefusedListenerIsNone() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, server) = try world.relay("8.8.8.1")
            let hidden = try world.machine("8.8.8.2", listens: false)
            server.access.deniedSources = [hidden.id]
            #expect(throws: RelayError(.refused, "")) { try world.listen(hidden, behind: relay) }
            #expect(hidden.host.listenAddresses.isEmpty)
            #expect(!hidden.host.protocols.contains(RelayProtocols.stop))
            server.access.deniedSources = []
            try world.listen(hidden, behind: relay)
            #expect(hidden.host.addresses == [try relay.circuit])
        }
    }

    @Test func onePlaceIsEnoughForManyConnections() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, server) = try world.relay("8.8.8.1")
            let hidden = try world.machine("8.8.8.2", listens: false)
            try world.listen(hidden, behind: relay)
            let address = try #require(relay.host.listenAddresses.first)
            let second = try simulation.perform { try await hidden.host.dial(address, expecting: relay.id) }
            let first = try #require(hidden.host.connections(to: relay.id).first { $0 !== second })
            try simulation.perform { await first.close() }
            world.pass(.seconds(5))
            #expect(hidden.transport.holdsReservation(at: relay.id))
            #expect(server.reservationCount == 1)
        }
    }
}
