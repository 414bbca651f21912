import DelegatedRouting
import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import Testing

@testable import WaystationNode

/// What `swarm/connect` dials for strangers.
@Suite(.serialized) struct PublicAddressesTests {
    private static let peer = "12D3KooWM8sovaEGU1bmiWGWAzvs47DEcXKZZTuJnpQyVTkRs2Vn"

    private struct TableResolver: NameResolver {
        let hosts: [String: [String]]

        func addresses(of host: String, family: AddressFamily) async throws -> [IPAddress] {
            (hosts[host] ?? []).compactMap { IPAddress($0) }
        }

        func texts(at name: String) async throws -> [String] { hosts[name] ?? [] }
    }

    @Test func namesCountByWhatTheyLeadTo() async throws {
        let resolver = TableResolver(hosts: [
            "open.example.org": ["8.8.4.4", "10.0.0.1"], "trap.example.org": ["127.0.0.1", "169.254.169.254"],
            "_dnsaddr.many.example.org": [
                "dnsaddr=/ip4/192.168.1.1/tcp/22/p2p/\(Self.peer)", "dnsaddr=/ip4/8.8.8.8/tcp/1/p2p/\(Self.peer)",
            ],
        ])
        func dialled(_ address: String) async throws -> [String] {
            try await resolver.publicAddresses(of: [Multiaddr(address)]).map { "\($0.withoutPeerID ?? $0)" }
        }
        #expect(try await dialled("/ip4/8.8.8.8/tcp/4001") == ["/ip4/8.8.8.8/tcp/4001"])
        #expect(try await dialled("/dns4/open.example.org/tcp/4001") == ["/ip4/8.8.4.4/tcp/4001"])
        #expect(try await dialled("/dnsaddr/many.example.org/p2p/\(Self.peer)") == ["/ip4/8.8.8.8/tcp/1"])
        for address in [
            "/ip4/127.0.0.1/tcp/4001", "/ip4/10.0.0.1/tcp/1", "/ip6/::1/tcp/1", "/ip4/169.254.169.254/tcp/80",
            "/ip6/::ffff:127.0.0.1/tcp/1", "/dns4/trap.example.org/tcp/22", "/dns4/localhost/tcp/1",
            "/dns4/nowhere.example.org/tcp/1", "/unix/tmp/socket", "/memory/1",
            "/ip4/127.0.0.1/tcp/4001/p2p/\(Self.peer)/p2p-circuit",
        ] {
            #expect(try await dialled(address) == [], "\(address)")
        }
    }

    @Test(arguments: [false, true]) func aNodeKnocksAtNoDoorOfItsOwnNetwork(isLaboratory: Bool) async throws {
        let folders = [TemporaryFolder(), TemporaryFolder()]
        var configuration = try labConfiguration(folders[0])
        configuration.allowPrivateAddresses = isLaboratory
        let node = try await Node.start(configuration)
        let other = try await Node.start(labConfiguration(folders[1]))
        let address = try #require(other.listenAddresses.first { !$0.contains(.ws) })
        let delegate = try #require(node.delegate)
        if isLaboratory {
            try await delegate.connect(to: other.host.localPeer, at: [address])
            #expect(delegate.connectedPeers.map(\.id) == [other.host.localPeer])
        } else {
            await #expect(throws: RoutingError(.badInput, "")) {
                try await delegate.connect(to: other.host.localPeer, at: [address])
            }
            #expect(delegate.connectedPeers.isEmpty)
        }
        for node in [node, other] { await node.stop() }
    }
}
