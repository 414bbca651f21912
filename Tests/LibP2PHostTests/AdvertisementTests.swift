import LibP2PCore
import LibP2PTesting
import Multiformats
import Testing

@testable import LibP2PHost

@Suite struct AdvertisementTests {
    /// A listener that works by itself, as the front door does.
    private struct Door: Listener {
        let address: Multiaddr
        func close() async {}
    }

    private func addresses(
        listening: [String], announced: [String] = [], allowsPrivate: Bool = false, _ advertisement: Advertisement
    ) throws -> [String] {
        try Simulation.run { simulation in
            var configuration = HostConfiguration()
            configuration.announcedAddresses = try announced.map { try Multiaddr($0) }
            configuration.allowsPrivateAddresses = allowsPrivate
            let host = Host(
                identity: try simulation.makeIdentity(), loops: simulation.loops, transports: [],
                configuration: configuration, clock: simulation.clock, random: simulation.random)
            for address in listening { host.add(Door(address: try Multiaddr(address))) }
            host.advertisement = advertisement
            return host.addresses.map(\.description)
        }
    }

    private func advertisement(_ addresses: [String], ips: [String] = []) throws -> Advertisement {
        var advertisement = Advertisement()
        advertisement.addresses = try addresses.map { try Multiaddr($0) }
        advertisement.certifiedIPs = Set(ips.compactMap { IPAddress($0) })
        return advertisement
    }

    @Test func namesAreToldBeforeTheListeners() throws {
        let name = "/dns4/relay.waystation.org/tcp/443/wss"
        let listening = ["/ip4/8.8.8.1/tcp/4001", "/ip4/10.0.0.1/tcp/4001"]
        #expect(
            try addresses(listening: listening, advertisement([name])) == [name, "/ip4/8.8.8.1/tcp/4001"])
        // A node that has no public address of its own goes on telling the ones that it has.
        #expect(
            try addresses(listening: ["/ip4/10.0.0.1/tcp/4001"], advertisement([name]))
                == [name, "/ip4/10.0.0.1/tcp/4001"])
    }

    @Test func namesAreToldBehindTheAnnounced() throws {
        let announced = ["/dns4/relay.waystation.org/tcp/4001", "/dns4/relay.waystation.org/tcp/443/wss"]
        let more = "/dns4/relay.waystation.org/tcp/443/tls/ws"
        #expect(
            try addresses(
                listening: ["/ip4/8.8.8.1/tcp/4001"], announced: announced, advertisement([announced[1], more]))
                == announced + [more])
    }

    @Test func addressesWithoutCertificateAreNotTold() throws {
        let listening = [
            "/ip4/8.8.8.1/tcp/4001", "/ip4/8.8.8.1/tcp/8080/ws", "/ip4/8.8.8.1/tcp/443/tls/ws",
            "/ip4/127.0.0.1/tcp/443/tls/ws",
        ]
        let circuit = "/ip4/8.8.4.4/tcp/443/tls/ws/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN/p2p-circuit"
        #expect(
            try addresses(listening: listening + [circuit], allowsPrivate: true, Advertisement())
                == Array(listening.prefix(2)) + [circuit])
        #expect(
            try addresses(listening: listening, advertisement([], ips: ["8.8.8.1"]))
                == Array(listening.prefix(3)))
    }

    /// A certificate that is on its way must not keep itself from coming.
    @Test func reachableAddressesKnowNoCertificates() throws {
        try Simulation.run { simulation in
            let host = Host(
                identity: try simulation.makeIdentity(), loops: simulation.loops, transports: [],
                configuration: HostConfiguration(), clock: simulation.clock, random: simulation.random)
            let listening = ["/ip4/8.8.8.1/tcp/443/tls/ws", "/ip4/10.0.0.1/tcp/4001"]
            for address in listening { host.add(Door(address: try Multiaddr(address))) }
            #expect(host.reachableAddresses.map(\.description) == Array(listening.prefix(1)))
        }
    }

    /// The addresses of the machine are remembered for a while, the listeners are not.
    @Test func aNewListenerIsKnownAtOnce() throws {
        try Simulation.run { simulation in
            let host = Host(
                identity: try simulation.makeIdentity(), loops: simulation.loops, transports: [],
                configuration: HostConfiguration(), clock: simulation.clock, random: simulation.random)
            let listening = ["/ip4/8.8.8.1/tcp/4001", "/ip4/8.8.8.1/tcp/443/tls/ws"]
            for count in 1...2 {
                host.add(Door(address: try Multiaddr(listening[count - 1])))
                #expect(host.listenAddresses.map(\.description) == Array(listening.prefix(count)))
            }
            let first = try Multiaddr(listening[0])
            try simulation.perform { await host.stopListening(on: first) }
            #expect(host.listenAddresses.map(\.description) == Array(listening.suffix(1)))
        }
    }
}
