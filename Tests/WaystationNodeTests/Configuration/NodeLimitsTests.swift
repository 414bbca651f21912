import LibP2PHost
import LibP2PKademlia
import LibP2PMuxers
import Testing

@testable import WaystationNode

@Suite("Limits are settings")
struct NodeLimitsTests {
    @Test("each in three spellings, where 0 is unlimited", arguments: NodeLimits.bySetting.indices)
    func spellings(index: Int) throws {
        let (setting, limit) = NodeLimits.bySetting[index]
        #expect(Settings.all.contains { $0.key == setting.key })
        let parts = setting.key.split(separator: ".")
        let file = try temporaryFile("\(parts[0]):\n  \(parts[1]): 7\n")
        for configuration in [
            try resolve([setting.flag, "7"]), try resolve(environment: [setting.environmentName: "7"]),
            try resolve(["--config", file]),
        ] {
            #expect(configuration.limits[keyPath: limit] == NodeLimit(7))
            for (other, path) in NodeLimits.bySetting where other.key != setting.key {
                #expect(configuration.limits[keyPath: path] == NodeLimit(default: other), "\(other.key)")
            }
        }
        #expect(try resolve([setting.flag, "0"]).limits[keyPath: limit].value == nil)
    }

    @Test("no setting is left out, or there twice")
    func complete() {
        let counts = (Settings.limits + Settings.dht + Settings.rendezvous).filter { $0 is Setting<Int> }.map(\.key)
        #expect(NodeLimits.bySetting.map(\.setting.key).sorted() == counts.sorted())
        #expect(Set(NodeLimits.bySetting.map(\.limit)).count == NodeLimits.bySetting.count)
    }

    @Test("the time for a handshake")
    func handshakeTime() throws {
        #expect(try resolve().limits.handshakeTime == .seconds(15))
        #expect(try resolve(["--limits-handshake-time", "3s"]).limits.handshakeTime == .seconds(3))
        #expect(try resolve(["--limits-handshake-time", "0"]).limits.handshakeTime == .zero)
    }

    @Test("a host and its muxers get them")
    func host() throws {
        let limits = try resolve([
            "--limits-connections", "100", "--limits-connections-per-ip", "2", "--limits-connections-per-subnet", "3",
            "--limits-connections-per-peer", "4", "--limits-connection-rate-per-ip", "5",
            "--limits-connection-burst-per-ip", "6", "--limits-handshakes", "7", "--limits-handshake-time", "8s",
            "--limits-streams-per-connection", "9", "--limits-streams-per-protocol", "10", "--limits-known-peers", "11",
        ]).limits
        var host = HostConfiguration()
        limits.apply(to: &host, sparesPrivateAddresses: false)
        var expected = ConnectionLimits()
        expected.total = 100
        expected.perIP = 2
        expected.perSubnet = 3
        expected.perPeer = 4
        expected.ratePerIP = 5
        expected.burstPerIP = 6
        expected.handshakes = 7
        #expect(host.limits == expected)
        #expect(host.handshakeTimeout == .seconds(8))
        #expect(host.streamsPerProtocol == 10)
        #expect(host.maxKnownPeers == 11)
        #expect(host.trimming.highWater == 90)
        #expect(host.trimming.lowWater == 78)
        #expect(limits.muxers.compactMap { ($0 as? Yamux)?.settings.maxInboundStreams } == [9])
        #expect(limits.muxers.compactMap { ($0 as? Mplex)?.settings.maxInboundStreams } == [9])
    }

    @Test("the defaults are those of the parts")
    func defaults() {
        var host = HostConfiguration()
        NodeLimits().apply(to: &host, sparesPrivateAddresses: false)
        #expect(host.limits == ConnectionLimits())
        #expect(host.handshakeTimeout == HostConfiguration().handshakeTimeout)
        #expect(host.streamsPerProtocol == HostConfiguration().streamsPerProtocol)
        var dht = KademliaConfiguration()
        DHTLimits().apply(to: &dht, sparesPrivateAddresses: true)
        #expect(dht.providers == ProviderLimits())
        #expect(dht.values == ValueLimits())
        #expect(dht.routing == RoutingLimits())
        #expect(dht.streamsPerConnection == KademliaConfiguration().streamsPerConnection)
    }

    @Test(
        "in a lab private addresses are spared the defaults, and not what somebody set",
        arguments: [
            ([], AddressLimits()), (["--limits-connections-per-ip"], .perIP),
            (["--limits-connections-per-subnet"], .perSubnet), (["--limits-connection-rate-per-ip"], .rate),
            (["--limits-connection-burst-per-ip"], .rate),
        ])
    func privateAddresses(flags: [String], held: AddressLimits) throws {
        let limits = try resolve(flags.flatMap { [$0, "5"] }).limits
        var host = HostConfiguration()
        limits.apply(to: &host, sparesPrivateAddresses: true)
        #expect(host.limits.onPrivateAddresses == held)
        limits.apply(to: &host, sparesPrivateAddresses: false)
        #expect(host.limits.onPrivateAddresses == .all)
    }

    @Test("a DHT gets them")
    func dht() throws {
        let limits = try resolve([
            "--dht-max-provider-records", "1", "--dht-max-providers-per-key", "2", "--dht-max-values", "3",
            "--dht-max-value-bytes", "4KiB", "--dht-max-peers-per-group", "5", "--dht-max-peers-per-group-in-bucket",
            "6", "--dht-max-checks", "7", "--dht-max-waiting-checks", "8", "--dht-max-streams-per-connection", "9",
        ]).limits.dht
        var dht = KademliaConfiguration()
        limits.apply(to: &dht, sparesPrivateAddresses: true)
        #expect(dht.providers.records == 1)
        #expect(dht.providers.recordsPerKey == 2)
        #expect(dht.values.records == 3)
        #expect(dht.values.bytes == 4096)
        #expect(dht.routing.peersPerGroup == 5)
        #expect(dht.routing.peersPerGroupInBucket == 6)
        #expect(dht.routing.countsPrivateGroups)
        #expect(dht.checksAtOnce == 7)
        #expect(dht.checksWaiting == 8)
        #expect(dht.streamsPerConnection == 9)
    }

    @Test("in a lab an explicit bound of address blocks holds alone")
    func privateGroups() throws {
        let limits = try resolve(["--dht-max-peers-per-group", "5"]).limits.dht
        var dht = KademliaConfiguration()
        limits.apply(to: &dht, sparesPrivateAddresses: true)
        #expect(dht.routing.countsPrivateGroups)
        #expect(dht.routing.peersPerGroup == 5)
        #expect(dht.routing.peersPerGroupInBucket == 0)
        var spared = KademliaConfiguration()
        DHTLimits().apply(to: &spared, sparesPrivateAddresses: true)
        #expect(!spared.routing.countsPrivateGroups)
    }
}
