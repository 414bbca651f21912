import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import LibP2PTransports
import Multiformats
import NIOCore
import NIOPosix
import Testing

@testable import LibP2PPubSub

/// Nodes whose connections live on loops with threads of their own.
struct PubSubThreadTests {
    @Test(.timeLimit(.minutes(1)))
    func messagesCrossLoops() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 3)
        let network = MemoryNetwork()
        var nodes: [(host: Host, pubsub: PubSub)] = []
        for _ in 0..<6 {
            let identity = try PrivateKey.generate()
            var configuration = HostConfiguration()
            configuration.allowsPrivateAddresses = true
            let host = Host(
                identity: identity, loops: LoopGroup(group),
                transports: [MemoryTransport(network: network, identity: identity.publicKey)],
                configuration: configuration)
            let pubsub = PubSub(network: host)
            await pubsub.start()
            nodes.append((host, pubsub))
        }
        var inboxes: [PubSubSubscription] = []
        for node in nodes { inboxes.append(try await node.pubsub.subscribe(to: "t", capacity: 1_000)) }
        // A star: all connections of the hub, dealt out over its loops, meet in one router.
        let hub = nodes[0]
        let listener = try await hub.host.listen(on: .memory(0))
        for node in nodes.dropFirst() {
            let connection = try await node.host.dial(listener.address, expecting: hub.host.localPeer)
            node.host.identified(connection, as: PeerDescription(protocols: PubSubProtocol.ids))
        }
        let loops = Set(hub.host.connections.map { ObjectIdentifier($0.executor) })
        #expect(loops.count > 1)
        while await hub.pubsub.mesh(of: "t").count < 5 { await Task.yield() }
        for node in nodes.dropFirst() {
            while await node.pubsub.mesh(of: "t").isEmpty { await Task.yield() }
        }

        let rounds = 50
        try await withThrowingTaskGroup(of: Void.self) { group in
            for node in nodes {
                group.addTask {
                    for round in 0..<rounds {
                        let block = [UInt8](repeating: UInt8(round), count: round.isMultiple(of: 10) ? 20_000 : 10)
                        try await node.pubsub.publish(block, to: "t")
                    }
                }
            }
            try await group.waitForAll()
        }
        for inbox in inboxes {
            var ids: Set<MessageID> = []
            for await message in inbox {
                ids.insert(message.id)
                if ids.count == rounds * nodes.count { break }
            }
            #expect(ids.count == rounds * nodes.count)
        }
        for node in nodes {
            await node.pubsub.stop()
            await node.host.close()
        }
        try await group.shutdownGracefully()
    }
}
