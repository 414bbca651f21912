import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Testing

@testable import LibP2PRelay

struct RelayTransportTests {
    @Test func aPeerIsReachedThroughARelay() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, server) = try world.relay("8.8.8.1")
            let hidden = try world.machine("8.8.8.2", listens: false)
            let caller = try world.machine("8.8.8.3")
            try world.listen(hidden, behind: relay)
            #expect(server.reservationCount == 1)
            #expect(hidden.host.addresses == [try relay.circuit])

            let connection = try world.dial(caller, hidden, through: relay)
            #expect(connection.remotePeer == hidden.id)
            #expect(connection.isLimited && connection.isRelayed)
            #expect(connection.remoteAddress == (try relay.circuit))
            #expect(try world.echo(connection) == "hello")
            let inbound = try #require(hidden.host.connections(to: caller.id).first)
            #expect(inbound.isInbound && inbound.isLimited)
            #expect(inbound.remotePublicKey == caller.host.identity.publicKey)
            #expect(server.circuitCount == 1)

            try simulation.perform { await connection.close() }
            world.pass(.seconds(30))
            #expect(server.circuitCount == 0)
            #expect(server.counters[.finished] == 1)
            #expect(hidden.host.connections(to: caller.id).isEmpty)
            #expect(server.reservationCount == 1)
        }
    }

    @Test func theHostDialsCircuitsByItself() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, _) = try world.relay("8.8.8.1")
            let hidden = try world.machine("8.8.8.2", listens: false)
            let caller = try world.machine("8.8.8.3")
            try world.listen(hidden, behind: relay)
            let (id, addresses) = (hidden.id, hidden.host.addresses)
            let first = try simulation.perform { try await caller.host.connect(to: id, at: addresses) }
            #expect(first.isLimited)
            // It is no direct connection, and still better than a second one of its kind.
            let second = try simulation.perform { try await caller.host.connect(to: id, at: addresses) }
            #expect(second === first)
            #expect(throws: NetworkError(.unreachable, "")) {
                try simulation.perform { try await caller.host.connectDirectly(to: id, at: addresses) }
            }
        }
    }

    @Test func circuitsWithoutBoundsAreOrdinaryConnections() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            var limits = RelayLimits()
            limits.circuit = CircuitBounds(duration: .zero, bytes: 0)
            let (relay, _) = try world.relay("8.8.8.1", limits)
            let hidden = try world.machine("8.8.8.2", listens: false)
            let caller = try world.machine("8.8.8.3")
            try world.listen(hidden, behind: relay)
            let connection = try world.dial(caller, hidden, through: relay)
            #expect(!connection.isLimited && connection.isRelayed)
            let text = String(repeating: "Lorem ipsum. ", count: 15_000)
            #expect(try world.echo(connection, text) == text)
        }
    }

    @Test func protocolsStayOffLimitedConnectionsUnlessTheyOptIn() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, _) = try world.relay("8.8.8.1")
            let hidden = try world.machine("8.8.8.2", listens: false)
            let caller = try world.machine("8.8.8.3")
            hidden.host.serve(TestNode.Handler("/wide/1") { _ in })
            try world.listen(hidden, behind: relay)
            let connection = try world.dial(caller, hidden, through: relay)
            #expect(throws: NetworkError(.refused, "")) {
                try simulation.perform { try await connection.withStream(["/wide/1"]) { _ in } }
            }
            // Who opens one all the same finds that it is not served.
            #expect(throws: NetworkError(.unsupportedProtocol, "")) {
                try simulation.perform {
                    try await connection.withStream(["/wide/1"], allowsLimited: true) { _ = try await $0.read() }
                }
            }
        }
    }
}
