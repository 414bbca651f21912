import Foundation
import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PRelay
import Multiformats
import Telemetry
import Testing

@testable import LibP2PKademlia
@testable import WaystationNode

@Suite(.serialized) struct NodeTests {
    @Test func aNodeListensOnTCPAndOnItsFrontDoor() async throws {
        let folder = TemporaryFolder()
        let node = try await Node.start(labConfiguration(folder))
        let addresses = node.listenAddresses
        #expect(addresses.count == 2)
        #expect(addresses.allSatisfy { $0.peerID == node.host.localPeer && $0.tcpPort != 0 })
        #expect(addresses.contains { $0.contains(.ws) })
        #expect(node.telemetry.health.isReady)
        #expect(node.frontDoor.url?.hasPrefix("http://127.0.0.1:") == true)
        #expect(node.telemetry.metrics.exposition().contains("waystation_host_connections 0"))
        await node.stop()
        #expect(!node.telemetry.health.isReady)
    }

    @Test func whoMayConnectChangesWhileTheNodeRuns() async throws {
        let folders = [TemporaryFolder(), TemporaryFolder()]
        let node = try await Node.start(labConfiguration(folders[0]))
        let address = try #require(node.listenAddresses.first { !$0.contains(.ws) })
        let (client, other) = (try await ClientNode(), try await ClientNode())
        var changed = node.configuration
        changed.access.deniedPeers = [client.host.localPeer]
        node.reload(changed)
        await #expect(throws: (any Error).self) { try await client.connect(to: address) }
        #expect(node.host.counters[RefusalReason.denied] == 1)
        _ = try await other.connect(to: address)
        for client in [client, other] { await client.stop() }
        await node.stop()
    }

    /// In the first network there is nobody who could be told.
    @Test func whoRelaysIsFoundInEachNetwork() async throws {
        let folders = [TemporaryFolder(), TemporaryFolder()]
        var configuration = try labConfiguration(folders[0])
        configuration.relay.advertising = nil
        let root = try await Node.start(configuration)
        let entry = try #require(root.listenAddresses.first { !$0.contains(.ws) })
        configuration = try labConfiguration(folders[1], bootstrap: [entry])
        configuration.dhtProtocols = ["/lonely/kad/1.0.0"] + configuration.dhtProtocols
        let moment = Duration.milliseconds(100)
        configuration.relay.advertising = .init(bootDelay: moment, interval: moment, retryDelay: moment)
        let relay = try await Node.start(configuration)
        try await eventually(root) {
            let records = root.tables[0].records.providers(of: RelayAdvertiser.multihash, now: root.host.clock.now)
            return records.map(\.provider) == [relay.host.localPeer]
        }
        for node in [relay, root] { await node.stop() }
    }

    @Test func theIdentityIsMadeOnceAndKept() async throws {
        let folder = TemporaryFolder()
        let first = try await Node.start(labConfiguration(folder))
        let peer = first.host.localPeer
        await first.stop()
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/identity.key")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let second = try await Node.start(labConfiguration(folder))
        #expect(second.host.localPeer == peer)
        await second.stop()
    }

    @Test func aFolderInUseAndATakenPortAreUnavailable() async throws {
        let (folder, other) = (TemporaryFolder(), TemporaryFolder())
        let node = try await Node.start(labConfiguration(folder))
        await #expect(throws: NodeError(.unavailable, "")) { try await Node.start(labConfiguration(folder)) }
        var taken = try labConfiguration(other)
        taken.listen = [try #require(node.host.listenAddresses.first { !$0.contains(.ws) })]
        await #expect(throws: NodeError(.unavailable, "")) { try await Node.start(taken) }
        await node.stop()
        // Nothing of the failed starts is left: the folder is free.
        let free = try await Node.start(labConfiguration(other))
        await free.stop()
    }

    @Test(arguments: [false, true]) func nodesJoinAndFindContent(overWebSocket: Bool) async throws {
        let folders = (0..<3).map { _ in TemporaryFolder() }
        let root = try await Node.start(labConfiguration(folders[0]))
        let entry = try #require(root.listenAddresses.first { $0.contains(.ws) == overWebSocket })
        let a = try await Node.start(labConfiguration(folders[1], bootstrap: [entry]))
        let b = try await Node.start(labConfiguration(folders[2], bootstrap: [entry]))
        try await eventually(root) { root.tables[0].table.count == 2 }
        try await eventually(b) { b.tables[0].table.count == 2 }
        let key = Multihash.sha256(of: Array("content".utf8)).bytes
        _ = try await a.tables[0].provide(key)
        try await eventually(b) { !root.tables[0].records.providers(of: key, now: root.host.clock.now).isEmpty }
        for node in [a, b, root] { await node.stop() }
        // The records survive the restart of the node that holds them.
        let again = try await Node.start(labConfiguration(folders[0]))
        #expect(
            again.tables[0].records.providers(of: key, now: again.host.clock.now).map(\.provider) == [a.host.localPeer])
        await again.stop()
    }
}
