import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Testing

@testable import LibP2PRelay

/// Peers die and lie; the relay goes on, and its books are empty afterwards.
struct SurvivalTests {
    enum Victim: CaseIterable { case source, target, both }

    /// Runs a circuit with bytes under way in both directions.
    private func withBusyCircuit(
        _ laboratory: Laboratory, _ body: (_ source: Client, _ target: Client) throws -> Void
    ) throws {
        let target = try laboratory.client(at: "9.9.9.1")
        let source = try laboratory.client(at: "9.9.9.2")
        try target.reserve()
        try source.reserve()
        let block = ByteBuffer(repeating: 7, count: 8192)
        target.serveStops { stream, _ in
            while true { try await stream.write(block) }
        }
        let peer = target.peer
        let outcome = laboratory.simulation.begin {
            try await source.connect(to: peer) { stream in
                while true { try await stream.write(block) }
            }.answer
        }
        laboratory.simulation.loop.advance(by: .seconds(5))
        #expect(laboratory.server.circuitCount == 1)
        try body(source, target)
        withExtendedLifetime(outcome) {}
    }

    @Test(arguments: Victim.allCases, [false, true])
    func abruptDeath(of victim: Victim, silently: Bool) throws {
        var limits = RelayLimits()
        limits.circuit = CircuitBounds(duration: .zero, bytes: 0)
        try Laboratory.run(limits) { laboratory in
            try withBusyCircuit(laboratory) { source, target in
                let network = laboratory.simulation.network
                if victim != .target { network.remove(source.peer, silently: silently) }
                if victim != .source { network.remove(target.peer, silently: silently) }
                laboratory.simulation.loop.advance(by: .seconds(60))
                #expect(laboratory.server.circuitCount == 0)
                #expect(laboratory.server.counters[.broken] == 1)
                #expect(laboratory.server.reservationCount == (victim == .both ? 0 : 1))
            }
        }
    }

    @Test(arguments: [false, true])
    func aSourceThatDiesWhileTheTargetThinks(silently: Bool) throws {
        try Laboratory.run { laboratory in
            let target = try laboratory.client(at: "9.9.9.1")
            let source = try laboratory.client(at: "9.9.9.2")
            try target.reserve()
            let executor = laboratory.simulation.executor
            target.host.serve(
                TestNode.Handler(RelayProtocols.stop, limits: StreamLimits(idle: nil)) { stream in
                    try await executor.sleep(for: .seconds(50))
                    try await stream.write(message: StopMessage.status(.ok))
                })
            let peer = target.peer
            let outcome = laboratory.simulation.begin { try await source.connect(to: peer) { _ in }.answer }
            laboratory.simulation.loop.advance(by: .seconds(2))
            #expect(laboratory.server.circuitCount == 1)
            laboratory.simulation.network.remove(source.peer, silently: silently)
            laboratory.simulation.loop.advance(by: .seconds(20))
            #expect(laboratory.server.circuitCount == 0)
            #expect(laboratory.server.counters[.opened] == 0)
            withExtendedLifetime(outcome) {}
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func junk(seed: UInt64) throws {
        try Laboratory.run { laboratory in
            let client = try laboratory.client(at: "9.9.9.1")
            let target = try laboratory.client(at: "9.9.9.2")
            try target.reserve()
            target.serveEcho()
            let vectors = try RelayVectors.load()
            var random = SeededGenerator(seed: seed)
            var pieces = mutants(of: try hex(vectors.v1.hop_A_to_B), seed: seed, count: 10)
            pieces += mutants(of: framed(HopMessage.connect(to: RelayedPeer(target.peer))), seed: seed, count: 10)
            pieces += (0..<10).map { _ in
                (0..<Int.random(in: 0...5000, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            }
            for (index, bytes) in pieces.enumerated() {
                let id = index.isMultiple(of: 2) ? RelayProtocols.hop : RelayProtocols.version1
                let endsOrderly = Bool.random(using: &random)
                let outcome = laboratory.simulation.begin {
                    try await client.connection.withStream([id]) { stream in
                        try await stream.write(bytes)
                        guard endsOrderly else { throw NetworkError(.reset, "enough") }
                        stream.closeWrite()
                        while try await stream.read() != nil {}
                    }
                }
                laboratory.simulation.loop.advance(by: .milliseconds(200))
                withExtendedLifetime(outcome) {}
            }
            laboratory.simulation.loop.advance(by: .seconds(121))
            #expect(laboratory.server.circuitCount == 0)
            #expect(try client.reserve().status == .ok)
        }
    }

    @Test func aStreamWithoutARequestIsReset() throws {
        try Laboratory.run { laboratory in
            let client = try laboratory.client(at: "9.9.9.1")
            let loop = laboratory.simulation.loop
            let start = loop.now
            #expect(throws: NetworkError(.reset, "")) {
                try laboratory.simulation.perform {
                    try await client.connection.withStream([RelayProtocols.hop]) { stream in
                        _ = try await stream.read()
                    }
                }
            }
            #expect(loop.now - start >= .seconds(60) && loop.now - start < .seconds(63))
        }
    }

    @Test func relayedConnectionsMayNotUseTheRelay() throws {
        try Simulation.run { simulation in
            let identity = try simulation.makeIdentity()
            let address = try #require(IPAddress("8.8.8.1"))
            let transport = LimitingTransport(
                base: simulation.network.transport(for: identity.publicKey, host: address))
            let host = Host(
                identity: identity, loops: simulation.loops, transports: [transport], clock: simulation.clock,
                random: simulation.random)
            _ = try simulation.perform { try await host.listen(on: .ip(address, tcp: 4001)) }
            let version1 = Version1Service(network: host)
            let server = RelayServer(network: host, version1: version1, logger: .silent)
            server.start()
            let laboratory = Laboratory(simulation: simulation, host: host, server: server, version1: version1)
            let client = try laboratory.client(at: "9.9.9.1")
            #expect(try client.reserve() == .status(.permissionDenied))
            #expect(try client.statusOfCircuit(to: try peer(1)) == .permissionDenied)
            let answer = try simulation.perform {
                try await client.connection.withStream([RelayProtocols.version1]) { stream in
                    let source = RelayedPeer(client.peer)
                    try await stream.write(message: CircuitMessage.hop(from: source, to: source))
                    return try await stream.message(CircuitMessage.self, max: 4096)
                }
            }
            #expect(answer == .status(.hopCannotRelay))
            #expect(server.counters[.relayed] == 3)
        }
    }

    @Test func controlEndsCircuits() throws {
        var limits = RelayLimits()
        limits.circuit = CircuitBounds(duration: .zero, bytes: 0)
        try Laboratory.run(limits) { laboratory in
            try withBusyCircuit(laboratory) { source, target in
                let circuit = try #require(laboratory.server.snapshot().circuits.first)
                #expect(circuit.isOpen && circuit.version == 2)
                #expect(circuit.source == source.peer.description)
                #expect(circuit.bytesToTarget > 0 && circuit.bytesToSource > 0)
                laboratory.server.access.deniedTargets = [target.peer]
                laboratory.simulation.loop.advance(by: .seconds(1))
                #expect(laboratory.server.circuitCount == 0)
                #expect(laboratory.server.counters[.closed] == 1)
            }
        }
    }
}

/// Marks all inbound connections as limited, as those through a relay are.
private struct LimitingTransport: Transport {
    let base: any Transport

    func canDial(_ address: Multiaddr) -> Bool { false }
    func canListen(on address: Multiaddr) -> Bool { base.canListen(on: address) }

    func dial(
        _ address: Multiaddr, expecting peer: PeerID?, upgrader: any ConnectionUpgrader, on executor: LoopExecutor
    ) async throws -> Connection {
        throw NetworkError(.unsupportedAddress, "This transport only listens.")
    }

    func listen(
        on address: Multiaddr, upgrader: any ConnectionUpgrader, loops: LoopGroup
    ) async throws -> any Listener {
        try await base.listen(on: address, upgrader: LimitingUpgrader(base: upgrader), loops: loops)
    }
}

private struct LimitingUpgrader: ConnectionUpgrader {
    let base: any ConnectionUpgrader

    func admit(from remote: Multiaddr) throws -> Admission { try base.admit(from: remote) }

    func upgrade(_ channel: any Channel, _ end: ConnectionEnd) -> EventLoopFuture<Connection> {
        base.upgrade(channel, end)
    }

    func adopt(
        _ muxer: any StreamMuxer, securedAs peer: SecuredPeer, _ end: ConnectionEnd
    ) throws -> Connection {
        var end = end
        end.isLimited = true
        return try base.adopt(muxer, securedAs: peer, end)
    }
}
