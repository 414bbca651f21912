import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PMuxers
import LibP2PTesting
import Multiformats
import NIOCore
import Synchronization
import Testing

@testable import LibP2PRelay

/// Hosts on the simulated network, of which some relay and others are reached through them.
///
/// Direct connections are memory links; what goes through a relay is secured and multiplexed for real.
struct RelayedWorld {
    /// One machine.
    struct Machine: Sendable {
        let host: Host
        let version1: Version1Service
        let transport: RelayTransport
        let acquaintance: Acquaintance
        /// Keeps what the host holds weakly.
        var parts: [any Sendable] = []

        var id: PeerID { host.localPeer }

        /// Where one listens to be reached through this machine.
        var circuit: Multiaddr {
            get throws { try #require(host.listenAddresses.first { !$0.isCircuit }).circuit(through: id) }
        }

        /// Where a peer behind this machine is dialled.
        func circuit(to peer: PeerID) throws -> Multiaddr { try circuit.withPeerID(peer) }
    }

    let simulation: Simulation
    let registry = Registry()

    /// A host that echoes, at a public address.
    ///
    /// - Parameter listens: whether others can dial it directly.
    func machine(
        _ ip: String, listens: Bool = true, configure: (inout HostConfiguration) -> Void = { _ in }
    ) throws -> Machine {
        let identity = try simulation.makeIdentity()
        let address = try #require(IPAddress(ip))
        var configuration = HostConfiguration()
        configure(&configuration)
        let host = Host(
            identity: identity, loops: simulation.loops,
            transports: [simulation.network.transport(for: identity.publicKey, host: address)],
            securities: [PlainSecurity(identity: identity.publicKey)], muxers: [Yamux()],
            configuration: configuration, clock: simulation.clock, random: simulation.random)
        let version1 = Version1Service(network: host)
        let transport = RelayTransport(network: host, version1: version1)
        host.add(transport)
        host.serve(RelayedEcho())
        let acquaintance = Acquaintance(host: host, registry: registry)
        registry.add(host)
        host.addObserver(acquaintance)
        if listens { _ = try simulation.perform { try await host.listen(on: .ip(address, tcp: 4001)) } }
        return Machine(host: host, version1: version1, transport: transport, acquaintance: acquaintance)
    }

    /// A host that relays.
    func relay(_ ip: String, _ limits: RelayLimits = RelayLimits()) throws -> (Machine, RelayServer) {
        var machine = try machine(ip)
        let server = RelayServer(network: machine.host, version1: machine.version1, limits: limits)
        server.start()
        machine.parts.append(server)
        return (machine, server)
    }

    /// Lets a machine listen behind a relay.
    @discardableResult
    func listen(_ machine: Machine, behind relay: Machine) throws -> any Listener {
        let address = try relay.circuit
        return try simulation.perform { try await machine.host.listen(on: address) }
    }

    /// Dials one machine through another one.
    func dial(_ from: Machine, _ to: Machine, through relay: Machine) throws -> Connection {
        let address = try relay.circuit(to: to.id)
        return try simulation.perform { try await from.host.dial(address, expecting: to.id) }
    }

    /// Sends a text there and back.
    func echo(_ connection: Connection, _ text: String = "hello") throws -> String {
        try simulation.perform {
            try await connection.withStream([RelayedEcho.protocolID], allowsLimited: true) { stream in
                try await stream.write(ByteBuffer(string: text))
                stream.closeWrite()
                var answer = ByteBuffer()
                while var bytes = try await stream.read() { answer.writeBuffer(&bytes) }
                return String(buffer: answer)
            }
        }
    }

    /// Lets time pass.
    func pass(_ duration: Duration) { simulation.loop.advance(by: duration) }
}

/// Sends back what comes, also on limited connections.
struct RelayedEcho: StreamHandler {
    static let protocolID: ProtocolID = "/echo/1.0.0"
    let protocols = [protocolID]
    let limits = StreamLimits(allowsLimitedConnections: true)

    func handle(_ stream: Stream) async throws {
        while let bytes = try await stream.read() { try await stream.write(bytes) }
    }
}

/// Knows every host of a world.
final class Registry: Sendable {
    private let hosts = Mutex<[PeerID: Host]>([:])
    private let silent = Mutex<Set<PeerID>>([])

    func add(_ host: Host) { hosts.withLock { $0[host.localPeer] = host } }

    /// Lets others learn a machine's protocols, and not its addresses.
    func hideAddresses(of peer: PeerID) { _ = silent.withLock { $0.insert(peer) } }

    func description(of peer: PeerID) -> PeerDescription? {
        guard let host = hosts.withLock({ $0[peer] }) else { return nil }
        let addresses = silent.withLock { $0.contains(peer) } ? [] : host.addresses
        return PeerDescription(addresses: addresses, protocols: host.protocols, agentVersion: "test")
    }
}

/// Tells a host who is at the other end of each connection, as identify would.
final class Acquaintance: NetworkObserver {
    private unowned let host: Host
    private let registry: Registry

    init(host: Host, registry: Registry) {
        self.host = host
        self.registry = registry
    }

    func connectionOpened(_ connection: Connection) {
        // As late as identify is.
        connection.executor.schedule(after: .milliseconds(200)) { [weak self] in
            guard let self, let description = registry.description(of: connection.remotePeer) else { return }
            host.identified(connection, as: description)
        }
    }
}
