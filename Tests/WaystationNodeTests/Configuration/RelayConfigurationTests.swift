import LibP2PIdentity
import LibP2PRelay
import Multiformats
import Testing

@testable import WaystationNode

@Suite("The relay's settings")
struct RelayConfigurationTests {
    private func resolve(_ flags: [String]) throws -> RelayConfiguration {
        let environment = ["HOME": "/home/x"]
        let settings = try ResolvedSettings(flags: flags, environment: environment)
        return try NodeConfiguration(settings, environment: environment).relay
    }

    @Test("the defaults of the contract")
    func defaults() throws {
        let limits = try resolve([]).limits
        #expect(limits == RelayLimits())
        #expect(limits.reservations == 1024)
        #expect(limits.reservationsPerIP == AddressLimit(8))
        #expect(limits.circuits == 1024)
        #expect(limits.circuitsPerPeer == 16)
        #expect(limits.circuit.duration == .seconds(120))
        #expect(limits.circuit.bytes == 131_072)
    }

    @Test("each count reaches its limit, and is explicit then", arguments: RelayConfiguration.bySetting.indices)
    func counts(index: Int) throws {
        let (setting, limit) = RelayConfiguration.bySetting[index]
        let configuration = try resolve([setting.flag, "7"])
        #expect(configuration[keyPath: limit] == NodeLimit(7))
        // All but the client's own number are the server's.
        #expect((configuration.limits == RelayLimits()) == (setting.key == Settings.relayClientPlaces.key))
        #expect(try resolve([setting.flag, "0"])[keyPath: limit].value == nil)
    }

    @Test("no count is left out")
    func complete() {
        let counts = Settings.relay.filter { $0 is Setting<Int> }.map(\.key)
        #expect(RelayConfiguration.bySetting.map(\.setting.key).sorted() == counts.sorted())
    }

    @Test("what an operator sets per address holds for private addresses too")
    func explicitLimits() throws {
        #expect(try resolve(["--relay-max-reservations-per-ip", "8"]).limits.reservationsPerIP.isExplicit)
        #expect(try resolve(["--relay-max-circuits-per-subnet", "8"]).limits.circuitsPerSubnet.isExplicit)
    }

    @Test("lists of peers, in either form of their ids")
    func lists() throws {
        let peer = try PrivateKey.generate().publicKey.peerID
        let access = try resolve([
            "--relay-allow", peer.description, "--relay-deny", peer.cid.description,
            "--relay-allow-target", peer.description, "--relay-deny-target", peer.description,
        ]).access
        #expect(access.allowedReservers == [peer])
        #expect(access.deniedSources == [peer])
        #expect(access.allowedTargets == [peer])
        #expect(access.deniedTargets == [peer])
        #expect(throws: NodeError(.usage, "")) { try resolve(["--relay-allow", "nobody"]) }
    }

    @Test("relays to be reached through")
    func client() throws {
        #expect(try resolve([]).client == nil)
        let peer = try PrivateKey.generate().publicKey.peerID
        let address = "/ip4/192.0.2.1/tcp/4001/p2p/\(peer)"
        let client = try #require(try resolve(["--relay-client", address]).client)
        #expect(client.relays == [try Multiaddr(address)])
        #expect(client.wanted == 2)
        #expect(!client.asksOthers)
        #expect(try resolve(["--relay-client", address, "--relay-client-places", "0"]).client?.wanted == 1)
        for wrong in ["/ip4/192.0.2.1/tcp/4001", address + "/p2p-circuit"] {
            #expect(throws: NodeError(.configuration, "")) { try resolve(["--relay-client", wrong]) }
        }
    }

    @Test("times and rates")
    func times() throws {
        let configuration = try resolve([
            "--relay-max-duration", "5m", "--relay-max-data", "1MiB", "--relay-max-rate", "64KiB",
            "--relay-reservation-time", "2h", "--relay-advertise-delay", "1s", "--relay-advertise-interval", "1h",
        ])
        let circuit = configuration.limits.circuit
        #expect(circuit.duration == .seconds(300))
        #expect(circuit.bytes == 1 << 20)
        #expect(circuit.bytesPerSecond == 64 << 10)
        #expect(configuration.limits.reservationLifetime == .seconds(7200))
        #expect(configuration.advertising?.bootDelay == .seconds(1))
        #expect(configuration.advertising?.interval == .seconds(3600))
        #expect(try resolve(["--relay-advertise-interval", "0"]).advertising == nil)
    }
}
