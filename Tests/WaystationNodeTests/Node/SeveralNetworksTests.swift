import DelegatedRouting
import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import Synchronization
import Testing

@testable import LibP2PKademlia
@testable import WaystationNode

/// A delegate in two DHTs finds what is in either of them.
@Suite(.serialized) struct SeveralNetworksTests {
    private static let protocols = ["/one/kad/1.0.0", "/other/kad/1.0.0"]

    /// The delegate's node, and one in each of the DHTs that it is in.
    private func withNetworks(_ body: (Node, DHTRouter, [Node]) async throws -> Void) async throws {
        let folders = (0..<3).map { _ in TemporaryFolder() }
        var configuration = try labConfiguration(folders[0])
        configuration.dhtProtocols = Self.protocols
        let delegate = try await Node.start(configuration)
        let entry = try #require(delegate.listenAddresses.first { !$0.contains(.ws) })
        var others: [Node] = []
        for (index, name) in Self.protocols.enumerated() {
            configuration = try labConfiguration(folders[index + 1], bootstrap: [entry])
            configuration.dhtProtocols = [name]
            others.append(try await Node.start(configuration))
        }
        for index in 0..<2 {
            try await eventually(delegate) { delegate.tables[index].table.count == 1 }
            try await eventually(delegate) { others[index].tables[0].table.count == 1 }
        }
        let router = DHTRouter(tables: delegate.tables, host: delegate.host) { _ in }
        try await body(delegate, router, others)
        for node in others + [delegate] { await node.stop() }
    }

    private func found(
        _ search: (@escaping @Sendable (RoutingRecord) -> Void) async throws -> Void
    ) async throws -> [RoutingRecord] {
        let records = Mutex<[RoutingRecord]>([])
        try await search { record in records.withLock { $0.append(record) } }
        return records.withLock { $0 }
    }

    @Test func whatIsInEitherIsFound() async throws {
        try await withNetworks { delegate, router, others in
            let ids = others.map(\.host.localPeer)
            let cid = CID(codec: .raw, multihash: .sha256(of: Array("content".utf8)))
            // The nearest of both, by their distance.
            let steps = Mutex<Set<PeerID>>([])
            let nearest = try await router.closestPeers(to: cid.multihash.bytes) { step in
                if let id = step.id { steps.withLock { _ = $0.insert(id) } }
            }
            let target = KademliaKey(hashing: cid.multihash.bytes)
            #expect(
                nearest.map(\.id)
                    == ids.sorted { KademliaKey($0).distance(to: target) < KademliaKey($1).distance(to: target) })
            #expect(nearest.allSatisfy { !$0.addresses.isEmpty })
            #expect(steps.withLock { $0 } == Set(ids))

            for other in others {
                let own = CID(codec: .raw, multihash: .sha256(of: other.host.localPeer.bytes))
                _ = try await other.tables[0].provide(own.multihash.bytes)
                try await eventually(delegate) {
                    try await found { try await router.findProviders(of: own, limit: 20, onFound: $0) }.map(\.id)
                        == [other.host.localPeer]
                }
                let peers = try await found { try await router.findPeer(other.host.localPeer, onFound: $0) }
                #expect(peers.first?.id == other.host.localPeer && peers.first?.addresses.isEmpty == false)

                let key = Array("/pk/".utf8) + other.host.localPeer.bytes
                #expect(try await router.value(of: key) == nil)
                let value = other.host.identity.publicKey.protobuf
                try other.tables[0].records.put(
                    ValueRecord(key: key, value: value, received: other.host.clock.now), origin: nil,
                    namespaces: RecordNamespaces())
                #expect(try await router.value(of: key) == value)
            }
            // What is told is told to both.
            #expect(Set(try await router.provide(cid)) == Set(ids))
            let key = Array("/pk/".utf8) + delegate.host.localPeer.bytes
            #expect(Set(try await router.put(delegate.host.identity.publicKey.protobuf, key: key)) == Set(ids))
        }
    }

    /// A provider without addresses in one DHT is known in the other.
    @Test func addressesAreLookedForInAllOfThem() async throws {
        try await withNetworks { delegate, router, others in
            let cid = CID(codec: .raw, multihash: .sha256(of: Array("content".utf8)))
            // Of a peer that the delegate is not connected to.
            let folder = TemporaryFolder()
            let entry = try #require(others[1].listenAddresses.first { !$0.contains(.ws) })
            var configuration = try labConfiguration(folder, bootstrap: [entry])
            configuration.dhtProtocols = [Self.protocols[1]]
            let hidden = try await Node.start(configuration)
            try await eventually(delegate) { others[1].tables[0].table.contains(hidden.host.localPeer) }
            delegate.tables[0].records.add(
                ProviderRecord(
                    key: cid.multihash.bytes, provider: hidden.host.localPeer, addresses: [],
                    received: delegate.host.clock.now), origin: nil)
            let records = try await found { try await router.findProviders(of: cid, limit: 20, onFound: $0) }
            #expect(records.map(\.id) == [hidden.host.localPeer])
            #expect(records.first?.addresses.isEmpty == false)
            await hidden.stop()
        }
    }

    @Test func theNearestAreEachToldOnce() throws {
        let key: [UInt8] = [1, 2, 3]
        let peers = try (0..<40).map { number in
            FoundPeer(id: try PeerID(bytes: Multihash.sha256(of: [UInt8(number)]).bytes), addresses: [])
        }
        var named = peers + peers.reversed()
        named[60].addresses = [try Multiaddr("/ip4/192.0.2.1/tcp/1")]
        let nearest = DHTRouter.nearest(named, to: key)
        let target = KademliaKey(hashing: key)
        let expected = peers.map(\.id).sorted {
            KademliaKey($0).distance(to: target) < KademliaKey($1).distance(to: target)
        }
        #expect(nearest.map(\.id) == Array(expected.prefix(20)))
        #expect(nearest.allSatisfy { ($0.addresses.isEmpty) == ($0.id != named[60].id) })
    }
}
