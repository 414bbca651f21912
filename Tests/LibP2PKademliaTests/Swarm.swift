import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Logging
import Multiformats
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import LibP2PKademlia

/// A simulated network of real hosts, each with a DHT. Who a peer is comes from a common directory instead of
/// identify, which is not of this floor.
final class Swarm: Sendable {
    /// One machine of the network.
    struct Node: Sendable {
        let host: Host
        let dht: KademliaDHT
        let address: Multiaddr
        let introducer: Introducer

        var id: PeerID { host.localPeer }
    }

    let simulation: Simulation
    let directory = Directory()

    init(_ simulation: Simulation) { self.simulation = simulation }

    /// Makes and starts a node at a random public address.
    func makeNode(
        bootstrap: [Node] = [], mode: KademliaConfiguration.Mode = .server, ip: [UInt8]? = nil,
        journal: (any RecordJournal)? = nil, allowsPrivate: Bool = false, identity: PrivateKey? = nil,
        agent: String = "test/1", _ adjust: (inout KademliaConfiguration) -> Void = { _ in }
    ) throws -> Node {
        let identity = try identity ?? simulation.makeIdentity()
        let address = try #require(IPAddress(bytes: ip ?? randomAddress()))
        var hostConfiguration = HostConfiguration()
        hostConfiguration.allowsPrivateAddresses = allowsPrivate
        let host = Host(
            identity: identity, loops: simulation.loops,
            transports: [simulation.network.transport(for: identity.publicKey, host: address)],
            configuration: hostConfiguration, clock: simulation.clock, random: simulation.random)
        var configuration = KademliaConfiguration(
            mode: mode, bootstrap: try bootstrap.map { try $0.address.withPeerID($0.id) })
        adjust(&configuration)
        let dht = KademliaDHT(
            configuration, network: host, journal: journal,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let introducer = Introducer(host: host, directory: directory)
        directory.add(host, agent: agent)
        host.addObserver(introducer)
        let listening = try simulation.perform {
            let listener = try await host.listen(on: Multiaddr.ip(address, tcp: 4001))
            try await dht.start()
            return listener.address
        }
        return Node(host: host, dht: dht, address: listening, introducer: introducer)
    }

    private func randomAddress() -> [UInt8] {
        // Public and in no block that was given out whole, so that each /16 is a group of its own.
        let bytes = simulation.random.bytes(4)
        return [UInt8(60 + Int(bytes[0]) % 10), bytes[1], bytes[2], bytes[3]]
    }

    /// Lets time pass.
    func pass(_ duration: Duration) { simulation.loop.advance(by: duration) }
}

/// Knows every host of a swarm.
final class Directory: Sendable {
    private let hosts = NIOLockedValueBox<[PeerID: (Host, String)]>([:])

    func add(_ host: Host, agent: String) { hosts.withLockedValue { $0[host.localPeer] = (host, agent) } }

    func description(of peer: PeerID) -> PeerDescription? {
        guard let (host, agent) = hosts.withLockedValue({ $0[peer] }) else { return nil }
        return PeerDescription(addresses: host.addresses, protocols: host.protocols, agentVersion: agent)
    }
}

/// Tells a host who is at the other end of each connection, as identify would.
final class Introducer: NetworkObserver {
    private unowned let host: Host
    private let directory: Directory

    init(host: Host, directory: Directory) {
        self.host = host
        self.directory = directory
    }

    func connectionOpened(_ connection: Connection) {
        guard let description = directory.description(of: connection.remotePeer) else { return }
        host.identified(connection, as: description)
    }
}
