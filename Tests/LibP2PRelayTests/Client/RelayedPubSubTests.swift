import LibP2PCore
import LibP2PHost
import LibP2PPubSub
import LibP2PTesting
import Multiformats
import NIOCore
import Testing

@testable import LibP2PRelay

/// Pubsub is no protocol for limited connections: a circuit's bytes are for finding a better way.
struct RelayedPubSubTests {
    private struct Pair {
        let world: RelayedWorld
        let hidden: RelayedWorld.Machine
        let caller: RelayedWorld.Machine
        let relay: RelayedWorld.Machine
        let pubsubs: [PubSub]
    }

    /// Two machines that are in one topic, one of them reachable through a relay only.
    private func pair(_ simulation: Simulation, _ bounds: CircuitBounds = CircuitBounds()) throws -> Pair {
        let world = RelayedWorld(simulation: simulation)
        var limits = RelayLimits()
        limits.circuit = bounds
        let (relay, _) = try world.relay("8.8.8.1", limits)
        let hidden = try world.machine("8.8.8.2")
        let caller = try world.machine("8.8.8.3", listens: false)
        world.registry.hideAddresses(of: hidden.id)
        try world.listen(hidden, behind: relay)
        let pubsubs = try [hidden, caller].map { machine in
            let pubsub = PubSub(network: machine.host, logger: .silent)
            try simulation.perform {
                await pubsub.start()
                try await pubsub.join("t")
            }
            return pubsub
        }
        return Pair(world: world, hidden: hidden, caller: caller, relay: relay, pubsubs: pubsubs)
    }

    private func stop(_ pair: Pair) throws {
        try pair.world.simulation.perform { for pubsub in pair.pubsubs { await pubsub.stop() } }
    }

    @Test func pubsubStaysOffLimitedConnections() throws {
        try Simulation.run { simulation in
            let pair = try pair(simulation)
            let world = pair.world
            let relayed = try world.dial(pair.caller, pair.hidden, through: pair.relay)
            #expect(relayed.isLimited)
            world.pass(.seconds(10))
            #expect(pair.pubsubs.map(\.statistics.peers) == [0, 0])
            // Who tries nevertheless finds that it is not served.
            for name in PubSubProtocol.ids {
                #expect(throws: NetworkError(.unsupportedProtocol, "")) {
                    try simulation.perform {
                        try await relayed.withStream([name], allowsLimited: true) { _ = try await $0.read() }
                    }
                }
            }
            // What opts in works meanwhile.
            #expect(try world.echo(relayed) == "hello")

            // A direct connection beside it is what pubsub waited for.
            let address = try #require(pair.hidden.host.listenAddresses.first { !$0.isCircuit })
            let (caller, hidden) = (pair.caller, pair.hidden.id)
            let direct = try simulation.perform { try await caller.host.dial(address, expecting: hidden) }
            world.pass(.seconds(10))
            #expect(pair.pubsubs.map(\.statistics.peers) == [1, 1])
            // And it leaves with that connection, though the relayed one is there yet.
            try simulation.perform { await direct.close() }
            world.pass(.seconds(30))
            #expect(pair.pubsubs.map(\.statistics.peers) == [0, 0])
            #expect(try world.echo(relayed) == "hello")
            try stop(pair)
        }
    }

    @Test func circuitsWithoutBoundsCarryPubSub() throws {
        try Simulation.run { simulation in
            let pair = try pair(simulation, CircuitBounds(duration: .zero, bytes: 0))
            let relayed = try pair.world.dial(pair.caller, pair.hidden, through: pair.relay)
            #expect(relayed.isRelayed && !relayed.isLimited)
            pair.world.pass(.seconds(10))
            #expect(pair.pubsubs.map(\.statistics.peers) == [1, 1])
            try stop(pair)
        }
    }
}
