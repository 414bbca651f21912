import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Logging
import Multiformats
import NIOCore
import Testing

@testable import LibP2PKademlia

/// A simulated network of real hosts, each with a DHT. Who a peer is comes from `Introductions` instead of
/// identify, which is not of this floor.
final class Swarm: Sendable {
    /// One machine of the network.
    struct Node: Sendable {
        let host: Host
        let dht: KademliaDHT
        let address: Multiaddr

        var id: PeerID { host.localPeer }
    }

    let simulation: Simulation
    let introductions = Introductions()

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
        introductions.add(host, agentVersion: agent)
        let listening = try simulation.perform {
            let listener = try await host.listen(on: Multiaddr.ip(address, tcp: 4001))
            try await dht.start()
            return listener.address
        }
        return Node(host: host, dht: dht, address: listening)
    }

    private func randomAddress() -> [UInt8] {
        // Public and in no block that was given out whole, so that each /16 is a group of its own.
        let bytes = simulation.random.bytes(4)
        return [UInt8(60 + Int(bytes[0]) % 10), bytes[1], bytes[2], bytes[3]]
    }

    /// Lets time pass.
    func pass(_ duration: Duration) { simulation.loop.advance(by: duration) }
}
