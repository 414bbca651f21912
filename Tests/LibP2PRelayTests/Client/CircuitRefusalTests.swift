import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Testing

@testable import LibP2PRelay

struct CircuitRefusalTests {
    /// A relay that answers every request alike.
    private struct Stubborn: StreamHandler {
        let status: RelayStatus
        let protocols = [RelayProtocols.hop]

        func handle(_ stream: Stream) async throws {
            _ = try await stream.message(HopMessage.self, max: RelayProtocols.maxMessageLength)
            try await stream.write(message: HopMessage.status(status))
        }
    }

    @Test(arguments: [200, 201, 202, 203, 204, 400, 401, 999])
    func aRefusedDialSaysWhy(code: UInt64) throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let relay = try world.machine("8.8.8.1")
            let status = RelayStatus(rawValue: code)
            relay.host.serve(Stubborn(status: status))
            let (hidden, caller) = (try world.machine("8.8.8.2"), try world.machine("8.8.8.3"))
            let error = #expect(throws: NetworkError.self) { try world.dial(caller, hidden, through: relay) }
            #expect(error?.code == .unreachable)
            #expect(error?.message.contains(status.explanation) == true)
            #expect(caller.host.connections(to: hidden.id).isEmpty)
        }
    }

    @Test func whoHoldsNoPlaceIsNotReached() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, server) = try world.relay("8.8.8.1")
            let (other, caller) = (try world.machine("8.8.8.2"), try world.machine("8.8.8.3"))
            #expect(throws: NetworkError(.unreachable, "")) { try world.dial(caller, other, through: relay) }
            #expect(server.counters[.noReservation] == 1)
            // A circuit to the relay, to oneself, or to nobody makes no sense.
            let circuit = try relay.circuit
            #expect(throws: NetworkError(.misuse, "")) { try world.dial(caller, relay, through: relay) }
            #expect(throws: NetworkError(.misuse, "")) { try world.dial(caller, caller, through: relay) }
            #expect(throws: NetworkError(.unsupportedAddress, "")) {
                try simulation.perform { try await caller.host.dial(circuit, expecting: nil) }
            }
            #expect(throws: NetworkError(.misuse, "")) { try world.listen(relay, behind: relay) }
        }
    }

    @Test func aRelayBehindARelayIsNotUsed() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, _) = try world.relay("8.8.8.1")
            var inner = try world.machine("8.8.8.2", listens: false)
            let server = RelayServer(network: inner.host, version1: inner.version1)
            server.start()
            inner.parts.append(server)
            try world.listen(inner, behind: relay)
            let caller = try world.machine("8.8.8.3")
            _ = try world.dial(caller, inner, through: relay)
            let address = try Multiaddr(naming: inner.id).encapsulating(.p2pCircuit)
            #expect(throws: NetworkError(.unreachable, "")) {
                try simulation.perform { try await caller.host.listen(on: address) }
            }
            let target = try peer(7)
            #expect(throws: NetworkError(.unreachable, "")) {
                try simulation.perform { try await caller.host.dial(address, expecting: target) }
            }
        }
    }

    @Test func aRelayThatBreaksOffIsAnError() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let relay = try world.machine("8.8.8.1")
            let (hidden, caller) = (try world.machine("8.8.8.2"), try world.machine("8.8.8.3"))
            relay.host.serve(TestNode.Handler(RelayProtocols.hop) { _ in })
            #expect(throws: NetworkError(.unreachable, "")) { try world.dial(caller, hidden, through: relay) }
            #expect(throws: RelayError(.noAnswer, "")) { try world.listen(caller, behind: relay) }
            relay.host.serve(
                TestNode.Handler(RelayProtocols.hop) { try await $0.write([5, 1, 2, 3, 4, 5]) })
            #expect(throws: NetworkError(.malformed, "")) { try world.dial(caller, hidden, through: relay) }
            relay.host.serve(TestNode.Handler(RelayProtocols.hop) { _ = try await $0.read(exactly: 9999) })
            #expect(throws: NetworkError(.timeout, "")) { try world.dial(caller, hidden, through: relay) }
            relay.host.stopServing([RelayProtocols.hop])
            #expect(throws: NetworkError(.unsupportedProtocol, "")) {
                try world.dial(caller, hidden, through: relay)
            }
        }
    }

    @Test func aBoundedCircuitEndsAtItsBounds() throws {
        try Simulation.run { simulation in
            let world = RelayedWorld(simulation: simulation)
            let (relay, server) = try world.relay("8.8.8.1")
            let hidden = try world.machine("8.8.8.2", listens: false)
            let caller = try world.machine("8.8.8.3")
            try world.listen(hidden, behind: relay)
            let connection = try world.dial(caller, hidden, through: relay)
            let text = String(repeating: "x", count: 140_000)
            #expect(throws: NetworkError.self) { try world.echo(connection, text) }
            world.pass(.seconds(5))
            #expect(caller.host.connections(to: hidden.id).isEmpty)
            #expect(hidden.host.connections(to: caller.id).isEmpty)
            #expect(server.circuitCount == 0)
            // The next one has bounds of its own.
            let next = try world.dial(caller, hidden, through: relay)
            #expect(try world.echo(next) == "hello")
            world.pass(.seconds(121))
            #expect(caller.host.connections(to: hidden.id).isEmpty)
            #expect(hidden.host.connections(to: caller.id).isEmpty)
        }
    }
}
