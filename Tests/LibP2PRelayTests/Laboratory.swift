import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Logging
import Multiformats
import NIOCore
import Synchronization
import Testing
import Wire

@testable import LibP2PRelay

/// A simulated network with a relay in it.
struct Laboratory {
    let simulation: Simulation
    let host: Host
    let server: RelayServer
    let version1: Version1Service

    /// Uses a network, and checks that the relay holds nothing when all others have left.
    static func run(
        _ limits: RelayLimits = RelayLimits(), at ip: String = "8.8.8.1", isLab: Bool = false,
        _ body: (Laboratory) throws -> Void
    ) throws {
        try Simulation.run { simulation in
            var configuration = HostConfiguration()
            configuration.limits.perIP = 0
            configuration.limits.perSubnet = 0
            configuration.limits.ratePerIP = 0
            configuration.limits.perPeer = 0
            configuration.allowsPrivateAddresses = isLab
            let host = try simulation.makeHost(ip, configuration: configuration)
            let version1 = Version1Service(network: host)
            let server = RelayServer(network: host, version1: version1, limits: limits, logger: .silent)
            server.start()
            let laboratory = Laboratory(simulation: simulation, host: host, server: server, version1: version1)
            try body(laboratory)
            for connection in host.connections { simulation.close(connection) }
            simulation.loop.advance(by: .seconds(30))
            laboratory.expectNothingLeft()
        }
    }

    /// Counters are back to zero, and nothing is open.
    func expectNothingLeft(sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(server.reservationCount == 0, sourceLocation: sourceLocation)
        #expect(server.circuitCount == 0, sourceLocation: sourceLocation)
        server.state.withLock { state in
            #expect(state.reservations.isEmpty && state.circuits.isEmpty, sourceLocation: sourceLocation)
            #expect(state.live.isEmpty, sourceLocation: sourceLocation)
        }
        #expect(host.activeStreams.values.allSatisfy { $0 == 0 }, sourceLocation: sourceLocation)
        #expect(simulation.executor.bufferedBytes == 0, sourceLocation: sourceLocation)
    }

    /// A host that is connected to the relay.
    func client(at ip: String, isListening: Bool = true) throws -> Client {
        let host = try simulation.makeHost(ip, isListening: isListening)
        return Client(host: host, connection: try connect(host), simulation: simulation)
    }

    /// Connects a host to the relay.
    func connect(_ client: Host) throws -> Connection {
        try simulation.perform { try await client.dial(host.listenAddresses[0], expecting: host.localPeer) }
    }
}

/// A peer of the relay, and its requests.
struct Client {
    let host: Host
    let connection: Connection
    let simulation: Simulation

    var peer: PeerID { host.localPeer }

    /// Asks for a place.
    @discardableResult
    func reserve() throws -> HopMessage {
        try simulation.perform { try await reserveNow() }
    }

    func reserveNow() async throws -> HopMessage {
        try await connection.withStream([RelayProtocols.hop]) { stream in
            try await stream.write(message: HopMessage.reserve)
            return try #require(try await stream.message(HopMessage.self, max: 4096))
        }
    }

    /// Asks for a circuit, and talks through it when there is one.
    func connect<Result: Sendable>(
        to target: PeerID, _ body: @escaping @Sendable (Stream) async throws -> Result
    ) async throws -> (answer: HopMessage, result: Result?) {
        try await connection.withStream([RelayProtocols.hop]) { stream in
            try await stream.write(message: HopMessage.connect(to: RelayedPeer(target)))
            let answer = try #require(try await stream.message(HopMessage.self, max: 4096))
            return (answer, answer.status == .ok ? try await body(stream) : nil)
        }
    }

    /// What the relay answers to a request for a circuit.
    func statusOfCircuit(to target: PeerID) throws -> RelayStatus? {
        try simulation.perform { try await connect(to: target) { _ in }.answer.status }
    }

    /// Takes circuits, and talks through them.
    func serveStops(_ body: @escaping @Sendable (Stream, StopMessage) async throws -> Void) {
        host.serve(
            TestNode.Handler(RelayProtocols.stop, limits: StreamLimits(idle: nil)) { stream in
                let call = try #require(try await stream.message(StopMessage.self, max: 4096))
                try await stream.write(message: StopMessage.status(.ok))
                try await body(stream, call)
            })
    }

    /// Takes circuits, and sends back all that comes.
    func serveEcho() {
        serveStops { stream, _ in
            while let bytes = try await stream.read() { try await stream.write(bytes) }
        }
    }
}

extension Simulation {
    /// A host on an IP address of the simulated network.
    func makeHost(
        _ ip: String, isListening: Bool = true, configuration: HostConfiguration = HostConfiguration()
    ) throws -> Host {
        let identity = try makeIdentity()
        let address = try #require(IPAddress(ip))
        let host = Host(
            identity: identity, loops: loops,
            transports: [network.transport(for: identity.publicKey, host: address)],
            configuration: configuration, clock: clock, random: random)
        if isListening { _ = try perform { try await host.listen(on: .ip(address, tcp: 4001)) } }
        return host
    }

    /// Closes a connection, and lets the other side learn of it.
    func close(_ connection: Connection) {
        executor.spawn { await connection.close() }
        loop.advance(by: .seconds(1))
    }
}

extension Logger {
    /// Says nothing.
    static let silent = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
}

/// Something that tasks tell and the test asks for.
final class Box<Value: Sendable>: Sendable {
    private let content: Mutex<Value>

    init(_ value: Value) { content = Mutex(value) }

    var value: Value { content.withLock { $0 } }

    func change(_ body: (inout Value) -> Void) { content.withLock { body(&$0) } }
}
