import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Testing
import Wire

@testable import LibP2PRelay

/// What a node behind a relay makes of what the relay sends it.
struct StopTests {
    private struct Scene {
        let world: RelayedWorld
        let relay: RelayedWorld.Machine
        let hidden: RelayedWorld.Machine
        let connection: Connection

        /// Sends bytes as a request, and returns the answer.
        func ask<Answer: ProtobufMessage>(
            _ bytes: [UInt8], _ protocolID: ProtocolID, _ answer: Answer.Type
        ) throws -> Answer? {
            try world.simulation.perform {
                try await connection.withStream([protocolID], timeout: .seconds(90)) { stream in
                    try await stream.write(bytes)
                    stream.closeWrite()
                    return try await stream.message(Answer.self, max: RelayProtocols.maxMessageLength)
                }
            }
        }
    }

    private func scene(_ simulation: Simulation) throws -> Scene {
        let world = RelayedWorld(simulation: simulation)
        let (relay, _) = try world.relay("8.8.8.1")
        let hidden = try world.machine("8.8.8.2", listens: false)
        try world.listen(hidden, behind: relay)
        let connection = try #require(relay.host.connections(to: hidden.id).first)
        return Scene(world: world, relay: relay, hidden: hidden, connection: connection)
    }

    @Test func senselessRequestsAreAnswered() throws {
        try Simulation.run { simulation in
            let scene = try scene(simulation)
            func status(_ message: StopMessage) throws -> RelayStatus? {
                try scene.ask(framed(message), RelayProtocols.stop, StopMessage.self)?.status
            }
            #expect(try status(.status(.ok)) == .unexpectedMessage)
            #expect(try status(StopMessage()) == .unexpectedMessage)
            #expect(try status(StopMessage(kind: .connect)) == .malformedMessage)
            #expect(try status(.connect(from: RelayedPeer(id: [1, 2, 3]), limit: nil)) == .malformedMessage)
            #expect(try status(.connect(from: RelayedPeer(scene.hidden.id), limit: nil)) == .malformedMessage)
            let junk = try scene.ask([3, 0xFF, 0xFF, 0xFF], RelayProtocols.stop, StopMessage.self)
            #expect(junk?.status == .malformedMessage)
            let long = try scene.ask([0xFF, 0xFF, 0x03], RelayProtocols.stop, StopMessage.self)
            #expect(long?.status == .malformedMessage)
        }
    }

    @Test func senselessRequestsOfVersion1AreAnswered() throws {
        try Simulation.run { simulation in
            let scene = try scene(simulation)
            let (caller, hidden) = (RelayedPeer(try peer(3)), RelayedPeer(scene.hidden.id))
            let long = [[UInt8](repeating: 1, count: 1025)]
            func status(_ source: RelayedPeer?, _ destination: RelayedPeer?) throws -> CircuitStatus? {
                let message = CircuitMessage(kind: .stop, source: source, destination: destination)
                return try scene.ask(framed(message), RelayProtocols.version1, CircuitMessage.self)?.status
            }
            #expect(try status(nil, hidden) == .stopSourceInvalid)
            #expect(try status(RelayedPeer(id: [0]), hidden) == .stopSourceInvalid)
            #expect(try status(hidden, hidden) == .stopSourceInvalid)
            #expect(try status(caller, nil) == .stopDestinationInvalid)
            #expect(try status(caller, caller) == .stopDestinationInvalid)
            #expect(try status(RelayedPeer(id: caller.id, addresses: long), hidden) == .stopSourceAddressTooLong)
            #expect(
                try status(caller, RelayedPeer(id: hidden.id, addresses: long)) == .stopDestinationAddressTooLong)
            #expect(try status(caller, hidden) == .success)
        }
    }

    @Test func onlyRelaysWithAPlaceBringCircuits() throws {
        try Simulation.run { simulation in
            let scene = try scene(simulation)
            let stranger = try scene.world.machine("8.8.8.9")
            let address = try #require(stranger.host.listenAddresses.first)
            _ = try simulation.perform { try await scene.hidden.host.dial(address, expecting: stranger.id) }
            let connection = try #require(stranger.host.connections(to: scene.hidden.id).first)
            let other = Scene(world: scene.world, relay: stranger, hidden: scene.hidden, connection: connection)
            let call = StopMessage.connect(from: RelayedPeer(try peer(3)), limit: nil)
            #expect(
                try other.ask(framed(call), RelayProtocols.stop, StopMessage.self)?.status == .permissionDenied)
            let old = CircuitMessage(
                kind: .stop, source: RelayedPeer(try peer(3)), destination: RelayedPeer(scene.hidden.id))
            #expect(
                try other.ask(framed(old), RelayProtocols.version1, CircuitMessage.self)?.status == .stopRefused)
        }
    }

    @Test func whoTheRelayNamesMustProveIt() throws {
        try Simulation.run { simulation in
            let scene = try scene(simulation)
            let victim = try peer(3)
            let (relay, hidden, connection) = (scene.relay, scene.hidden, scene.connection)
            let attempt = simulation.begin {
                try await connection.withStream([RelayProtocols.stop]) { stream in
                    try await stream.write(message: StopMessage.connect(from: RelayedPeer(victim), limit: nil))
                    let answer = try await stream.message(StopMessage.self, max: RelayProtocols.maxMessageLength)
                    guard answer?.status == .ok else { return }
                    // The relay itself speaks instead.
                    let end = ConnectionEnd(
                        role: .dialer, executor: connection.executor, localAddress: .memory(1),
                        remoteAddress: .memory(2), expectedPeer: hidden.id)
                    try await CircuitChannel.carry(stream, as: end, upgrader: relay.host)
                }
            }
            scene.world.pass(.seconds(30))
            #expect(attempt.isKnown)
            #expect(hidden.host.connections(to: victim).isEmpty)
            #expect(hidden.host.connections.count == 1)
            #expect(hidden.host.activeStreams[RelayProtocols.stop] == 0)
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func junkDoesNoHarm(seed: UInt64) throws {
        try Simulation.run(seed: seed) { simulation in
            let scene = try scene(simulation)
            let valid = framed(
                StopMessage.connect(
                    from: RelayedPeer(try peer(3)), limit: CircuitLimit(seconds: 120, bytes: 131_072)))
            for bytes in mutants(of: valid, seed: seed, count: 40) {
                _ = try? scene.ask(bytes, RelayProtocols.stop, StopMessage.self)
                _ = try? scene.ask(bytes, RelayProtocols.version1, CircuitMessage.self)
            }
            scene.world.pass(.seconds(120))
            #expect(scene.hidden.host.activeStreams[RelayProtocols.stop] == 0)
            #expect(scene.hidden.host.activeStreams[RelayProtocols.version1] == 0)
            #expect(scene.hidden.host.connections.count == 1)
            let caller = try scene.world.machine("8.8.8.3")
            let circuit = try scene.world.dial(caller, scene.hidden, through: scene.relay)
            #expect(try scene.world.echo(circuit) == "hello")
        }
    }
}
