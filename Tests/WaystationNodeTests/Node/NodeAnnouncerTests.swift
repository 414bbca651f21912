import Certificates
import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Logging
import Multiformats
import Testing

@testable import WaystationNode

@Suite("The names of a peer are announced where and while its certificate is good")
struct NodeAnnouncerTests {
    /// A listener that works by itself, as the front door does.
    private struct Door: Listener {
        let address: Multiaddr
        func close() async {}
    }

    /// For all names that the peer of this seed has below `example.org`, on 2026-01-01 from one o'clock to two.
    private static let seed = [UInt8](repeating: 1, count: 32)
    private static let certificate = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgXdNPfMy8lrNo4tHT
        L26nNswHzbJsAeUWyW/hnOS82AqhRANCAATYJb760e4kcqUu4EH2uCcb1w7hzu4m
        5y0fhjExv5jP8r+y5WdBxEIVOTMCkBzdfdj8cnOBDVvQGuQuo9DOQaw+
        -----END PRIVATE KEY-----
        -----BEGIN CERTIFICATE-----
        MIIBbTCCARKgAwIBAgIBATAKBggqhkjOPQQDAjARMQ8wDQYDVQQDDAZhIHRlc3Qw
        HhcNMjYwMTAxMDEwMDAwWhcNMjYwMTAxMDIwMDAwWjARMQ8wDQYDVQQDDAZhIHRl
        c3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATYJb760e4kcqUu4EH2uCcb1w7h
        zu4m5y0fhjExv5jP8r+y5WdBxEIVOTMCkBzdfdj8cnOBDVvQGuQuo9DOQaw+o1sw
        WTBXBgNVHREEUDBOgkwqLms1MXF6aTV1cXU1ZGptdzJ5dmY4a2s1Y2RqYzFkZGMw
        MG80ZDVzandpNmY3OXh6Y2F5OWozZ2tkZHc1dXU0LmV4YW1wbGUub3JnMAoGCCqG
        SM49BAMCA0kAMEYCIQCCxKvttM1NxbQh1YFEF+kWGLcWI7QMSKNX5YEIQ4K77gIh
        AJqX2KSe8VcsUZY7CN5xE0gczujHPnSAVyUw7me92wHE
        -----END CERTIFICATE-----
        """

    /// A host with a front door, an announcer, and what it announces.
    private struct World {
        let simulation: Simulation
        let host: Host
        let store = CertificateStore()
        let name: AutoTLSName
        let announcer: NodeAnnouncer

        /// The simulated clock begins with the year.
        init(_ simulation: Simulation, announce: [String] = []) throws {
            self.simulation = simulation
            var configuration = NodeConfiguration(dataFolder: "/nowhere")
            configuration.announce = try announce.map { try Multiaddr($0) }
            var settings = HostConfiguration()
            settings.announcedAddresses = configuration.announce
            let identity = try PrivateKey(ed25519Seed: seed)
            host = Host(
                identity: identity, loops: simulation.loops, transports: [], configuration: settings,
                clock: simulation.clock, random: simulation.random)
            name = AutoTLSName(of: identity.peerID, under: "example.org")
            announcer = NodeAnnouncer(
                configuration, host: host, store: store, ownName: name,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }

        func listen(_ address: String) throws { host.add(Door(address: try Multiaddr(address))) }

        func take(_ certificate: String) throws {
            store.replace(
                with: [try Credentials(chain: certificate, key: certificate, protocols: [])], from: .autoTLS)
        }

        /// The addresses over TLS that are told.
        var told: [Multiaddr] {
            host.addresses.filter { address in address.protocols.contains { $0 == .tls || $0 == .wss } }
        }

        func addresses(_ ip: String, _ port: UInt16) throws -> [Multiaddr] {
            name.addresses(at: try #require(IPAddress(ip)), port: port)
        }
    }

    @Test func fromItsFirstMomentToItsLast() throws {
        try Simulation.run { simulation in
            let world = try World(simulation)
            try world.listen("/ip4/8.8.8.1/tcp/4001")
            try world.listen("/ip4/8.8.8.1/tcp/443/tls/ws")
            world.announcer.start(ports: [443])
            simulation.loop.advance(by: .seconds(60))
            #expect(world.told.isEmpty)
            try world.take(Self.certificate)
            simulation.loop.advance(by: .seconds(58 * 60))
            #expect(world.told.isEmpty)
            simulation.loop.advance(by: .seconds(60))
            #expect(world.told == (try world.addresses("8.8.8.1", 443)))
            #expect(world.host.addresses.count == 4)
            simulation.loop.advance(by: .seconds(3600))
            #expect(world.told == (try world.addresses("8.8.8.1", 443)))
            simulation.loop.advance(by: .seconds(2))
            #expect(world.told.isEmpty)
            world.announcer.stop()
        }
    }

    @Test func whereverTheNodeComesToBeReached() throws {
        try Simulation.run { simulation in
            let world = try World(simulation)
            try world.listen("/ip4/10.0.0.1/tcp/443/tls/ws")
            try world.take(Self.certificate)
            world.announcer.start(ports: [443])
            simulation.loop.advance(by: .seconds(3660))
            // A private address is of no use to anybody else.
            #expect(world.told.isEmpty)
            try world.listen("/ip4/8.8.8.2/tcp/8443/tls/ws")
            simulation.loop.runDue()
            #expect(world.told == (try world.addresses("8.8.8.2", 8443)))
            let address = try Multiaddr("/ip4/8.8.8.2/tcp/8443/tls/ws")
            try simulation.perform { await world.host.stopListening(on: address) }
            simulation.loop.runDue()
            #expect(world.told.isEmpty)
            world.announcer.stop()
        }
    }

    @Test func whereTheOperatorSays() throws {
        try Simulation.run { simulation in
            let world = try World(simulation, announce: ["/ip4/8.8.8.3/tcp/4001", "/ip4/8.8.8.3/tcp/443/tls/ws"])
            try world.listen("/ip4/10.0.0.1/tcp/8443/tls/ws")
            try world.take(Self.certificate)
            world.announcer.start(ports: [8443])
            simulation.loop.advance(by: .seconds(3660))
            #expect(world.host.advertisement.addresses == (try world.addresses("8.8.8.3", 443)))
            world.announcer.stop()
        }
    }
}
