import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Testing

@testable import LibP2PRelay

struct Version1ClientTests {
    @Test func aRelayOfVersion1OnlyIsUsedByVersion1() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, server) = try world.relay("8.8.8.1")
            relay.host.stopServing([RelayProtocols.hop])
            let hidden = try world.machine("8.8.8.2", listens: false)
            let caller = try world.machine("8.8.8.3")
            try world.listen(hidden, behind: relay)
            #expect(server.reservationCount == 0)
            #expect(hidden.host.addresses == [try relay.circuit])
            let connection = try world.dial(caller, hidden, through: relay)
            #expect(!connection.isLimited && connection.isRelayed)
            #expect(try world.echo(connection) == "hello")
            #expect(server.circuitCount == 1)
        }
    }

    @Test func whoCannotReserveIsReachedByVersion1() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, server) = try world.relay("8.8.8.1")
            let hidden = try world.machine("8.8.8.2", listens: false)
            let caller = try world.machine("8.8.8.3")
            relay.host.stopServing([RelayProtocols.hop])
            try world.listen(hidden, behind: relay)
            relay.host.serve(HopHandler(server: server))
            let address = try #require(relay.host.listenAddresses.first)
            _ = try simulation.perform { try await caller.host.dial(address, expecting: relay.id) }
            world.pass(.seconds(1))
            #expect(try world.echo(try world.dial(caller, hidden, through: relay)) == "hello")
            #expect(server.counters[.noReservation] == 1)
        }
    }

    @Test func aNodeThatDoesNotRelayRefuses() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let relay = try world.machine("8.8.8.1")
            relay.host.serve(relay.version1)
            let (hidden, caller) = (try world.machine("8.8.8.2"), try world.machine("8.8.8.3"))
            #expect(throws: RelayError(.refused, "")) { try world.listen(hidden, behind: relay) }
            let error = #expect(throws: NetworkError.self) { try world.dial(caller, hidden, through: relay) }
            #expect(error?.message.contains("does not relay") == true)
        }
    }
}
