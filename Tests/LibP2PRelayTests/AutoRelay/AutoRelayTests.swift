import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Testing

@testable import LibP2PRelay

struct AutoRelayTests {
    private func start(
        _ machine: RelayedWorld.Machine, relays: [RelayedWorld.Machine] = [], wanted: Int = 2,
        asksOthers: Bool = true
    ) throws -> AutoRelay {
        var configuration = AutoRelay.Configuration(
            relays: try relays.map { try #require($0.host.listenAddresses.first).withPeerID($0.id) })
        configuration.wanted = wanted
        configuration.asksOthers = asksOthers
        let autoRelay = AutoRelay(
            configuration, network: machine.host, transport: machine.transport, logger: .silent)
        machine.host.home.spawn { await autoRelay.start() }
        return autoRelay
    }

    @Test func holdsPlacesAtTheRelaysGiven() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let relays = try (1...3).map { try world.relay("8.8.8.\($0)").0 }
            let hidden = try world.machine("8.8.8.9", listens: false)
            let autoRelay = try start(hidden, relays: relays)
            world.pass(.seconds(5))
            #expect(try simulation.perform { await autoRelay.held } == 2)
            #expect(hidden.host.addresses == (try relays.prefix(2).map { try $0.circuit }))
            let caller = try world.machine("8.8.8.8")
            let (id, addresses) = (hidden.id, hidden.host.addresses)
            let connection = try simulation.perform { try await caller.host.connect(to: id, at: addresses) }
            #expect(try world.echo(connection) == "hello")
            try simulation.perform { await autoRelay.stop() }
            #expect(hidden.host.addresses.isEmpty)
            #expect(!hidden.host.protocols.contains(RelayProtocols.stop))
        }
    }

    @Test func movesToAnotherRelayWhenOneDies() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let relays = try (1...2).map { try world.relay("8.8.8.\($0)").0 }
            let hidden = try world.machine("8.8.8.9", listens: false)
            let autoRelay = try start(hidden, relays: relays, wanted: 1)
            world.pass(.seconds(5))
            #expect(hidden.host.addresses == [try relays[0].circuit])
            let old = try relays[0].circuit
            simulation.network.remove(relays[0].id)
            #expect(simulation.loop.run(until: { hidden.host.listenAddresses.isEmpty }, atMost: .seconds(2)))
            let new = try relays[1].circuit
            #expect(simulation.loop.run(until: { hidden.host.listenAddresses == [new] }, atMost: .seconds(60)))
            #expect(old != new)
            let caller = try world.machine("8.8.8.8")
            #expect(try world.echo(try world.dial(caller, hidden, through: relays[1])) == "hello")
            #expect(try simulation.perform { await autoRelay.held } == 1)
        }
    }

    @Test func findsRelaysAmongThePeersItMeets() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, server) = try world.relay("8.8.8.1")
            let other = try world.machine("8.8.8.2")
            let hidden = try world.machine("8.8.8.9", listens: false)
            let autoRelay = try start(hidden, wanted: 1)
            for peer in [other, relay] {
                let address = try #require(peer.host.listenAddresses.first)
                _ = try simulation.perform { try await hidden.host.dial(address, expecting: peer.id) }
            }
            world.pass(.seconds(5))
            #expect(server.reservationCount == 1)
            #expect(hidden.host.addresses == [try relay.circuit])
            withExtendedLifetime(autoRelay) {}
        }
    }

    @Test func asksOnlyThoseGivenIfSoConfigured() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, server) = try world.relay("8.8.8.1")
            let hidden = try world.machine("8.8.8.9", listens: false)
            let autoRelay = try start(hidden, asksOthers: false)
            let address = try #require(relay.host.listenAddresses.first)
            _ = try simulation.perform { try await hidden.host.dial(address, expecting: relay.id) }
            world.pass(.seconds(300))
            #expect(server.reservationCount == 0)
            withExtendedLifetime(autoRelay) {}
        }
    }

    @Test func aRelayThatRefusesIsLeftAloneForAnHour() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, server) = try world.relay("8.8.8.1")
            let hidden = try world.machine("8.8.8.9", listens: false)
            server.access.deniedSources = [hidden.id]
            let autoRelay = try start(hidden, relays: [relay])
            world.pass(.seconds(58 * 60))
            #expect(server.counters[.denied] == 1)
            #expect(hidden.host.addresses.isEmpty)
            server.access.deniedSources = []
            world.pass(.seconds(4 * 60))
            #expect(server.reservationCount == 1)
            #expect(hidden.host.addresses == [try relay.circuit])
            withExtendedLifetime(autoRelay) {}
        }
    }

    @Test func comesBackToARelayThatIsRestarted() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, server) = try world.relay("8.8.8.1")
            let hidden = try world.machine("8.8.8.9", listens: false)
            let autoRelay = try start(hidden, relays: [relay])
            world.pass(.seconds(5))
            server.stop()
            for connection in relay.host.connections { simulation.close(connection) }
            world.pass(.seconds(120))
            #expect(hidden.host.addresses.isEmpty)
            server.start()
            let circuit = try relay.circuit
            #expect(
                simulation.loop.run(until: { hidden.host.addresses == [circuit] }, atMost: .seconds(3700)))
            withExtendedLifetime(autoRelay) {}
        }
    }
}
