import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import NIOCore
import Testing

@testable import LibP2PPubSub

/// Whole networks, on lossy links.
struct SwarmTests {
    private let nodeCount = 50

    /// Nodes that know a few of the others each.
    private func makeNetwork(_ swarm: Swarm) throws -> [Swarm.Node] {
        swarm.simulation.network.weather = .init(
            latency: .milliseconds(10) ... .milliseconds(100), loss: 0.02, retransmission: .milliseconds(200))
        let nodes = try (1...nodeCount).map { try swarm.makeNode($0) }
        var random = swarm.simulation.random.generator
        for (index, node) in nodes.enumerated() {
            // A ring, so that it is one network, and eight more by lot.
            try swarm.connect(node, nodes[(index + 1) % nodeCount])
            for _ in 0..<4 {
                let other = nodes[Int.random(in: 0..<nodeCount, using: &random)]
                if other.id != node.id { try swarm.connect(node, other) }
            }
        }
        swarm.pass(.seconds(10))
        return nodes
    }

    private func meshSizes(_ nodes: [Swarm.Node]) -> [Int] { nodes.map(\.pubsub.statistics.meshPeers) }

    @Test(arguments: 1...2 as ClosedRange<UInt64>)
    func everyMessageReachesEveryNode(seed: UInt64) throws {
        try Simulation.run(seed: seed) { simulation in
            let swarm = Swarm(simulation)
            let nodes = try makeNetwork(swarm)
            #expect(meshSizes(nodes).allSatisfy { 4...13 ~= $0 })
            let messageCount = 20
            for (index, node) in nodes.prefix(messageCount).enumerated() {
                try swarm.publish("\(index)", by: node)
                swarm.pass(.milliseconds(100))
            }
            swarm.pass(.seconds(8))
            for node in nodes {
                #expect(Set(node.received.map(\.id)).count == messageCount)
                #expect(node.received.count == messageCount)
            }
            // A mesh is there to spare copies: each node gets a message from its mesh, not from all it knows.
            let copies = nodes.reduce(0) { $0 + $1.pubsub.statistics.duplicateMessages }
            #expect(copies < UInt64(messageCount * nodeCount * 12))
            #expect(nodes.allSatisfy { $0.pubsub.statistics.invalidMessages == 0 })
            try swarm.stop(nodes)
        }
    }

    /// Clients that know nobody but the hub, many more than a mesh among equals takes in, hear all that each of them says.
    @Test func aHubServesAllWhoKnowNobodyElse() throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let hub = try swarm.makeNode(1) { $0 = .hub }
            let clients = try (2...61).map { try swarm.makeNode($0) }
            for client in clients { try swarm.connect(client, hub) }
            swarm.pass(.seconds(3))
            for (index, client) in clients.enumerated() { try swarm.publish("\(index)", by: client) }
            swarm.pass(.seconds(2))
            for client in clients { #expect(client.received.count == clients.count) }
            #expect(hub.pubsub.statistics.subscriptions == clients.count)
            #expect(hub.pubsub.statistics.meshPeers == clients.count)
            #expect(hub.pubsub.statistics.prunes == 0)
            try swarm.stop([hub] + clients)
        }
    }

    @Test(arguments: 1...2 as ClosedRange<UInt64>)
    func itHoldsThroughChurn(seed: UInt64) throws {
        try Simulation.run(seed: seed) { simulation in
            let swarm = Swarm(simulation)
            var nodes = try makeNetwork(swarm)
            var random = simulation.random.generator
            for round in 0..<6 {
                // Some die, half of them without a word, and others come.
                for number in 0..<3 {
                    let gone = nodes.remove(at: Int.random(in: nodes.indices, using: &random))
                    simulation.network.remove(gone.id, silently: number == 0)
                    try swarm.stop([gone])
                }
                for number in 0..<3 {
                    let fresh = try swarm.makeNode(100 + round * 3 + number)
                    for _ in 0..<6 { try swarm.connect(fresh, nodes[Int.random(in: nodes.indices, using: &random)]) }
                    nodes.append(fresh)
                }
                try swarm.publish("in the storm \(round)", by: nodes[Int.random(in: nodes.indices, using: &random)])
                swarm.pass(.seconds(5))
            }
            swarm.pass(.seconds(10))
            let before = nodes.map(\.received.count)
            for number in 0..<10 { try swarm.publish("after \(number)", by: nodes[number]) }
            swarm.pass(.seconds(10))
            #expect(zip(nodes, before).allSatisfy { $0.received.count == $1 + 10 })
            try swarm.stop(nodes)
        }
    }

    /// One who floods the network with forgeries, junk advertisements and GRAFTs is cut off, and costs bounded memory.
    @Test func anAttackerIsScoredDown() throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let nodes = try (1...10).map { try swarm.makeNode($0) }
            for (index, node) in nodes.enumerated() {
                for other in nodes[..<index] { try swarm.connect(node, other) }
            }
            let attacker = PlainClient(try swarm.makeHost(99).0, .meshsub11)
            try attacker.join(nodes[0], simulation)
            attacker.subscribe(to: "t")
            swarm.pass(.seconds(2))
            for round in UInt64(0)..<200 {
                var forged = try WireMessage.sealed([1], topic: "t", sequence: round, by: attacker.host.identity)
                forged.signature?[0] ^= 1
                let ids = (0..<100).map { MessageID(bytes: [UInt8(round), UInt8($0)]) }
                attacker.send(
                    RPC(
                        messages: [forged],
                        control: .init(iHave: [.init(topic: "t", ids: ids)], graft: ["t"], prune: [.init(topic: "t")])))
            }
            swarm.pass(.seconds(10))
            let id = attacker.host.localPeer
            #expect(try simulation.perform { await nodes[0].pubsub.score(of: id) } < -80)
            #expect(try !simulation.perform { await nodes[0].pubsub.mesh(of: "t") }.contains(id))
            #expect(nodes[0].pubsub.statistics.graylistedRPCs > 150)
            #expect(nodes[0].pubsub.statistics.graylistedPeers == 1)
            #expect(nodes.dropFirst().allSatisfy { $0.pubsub.statistics.invalidMessages == 0 })
            try swarm.publish("all is well", by: nodes[3])
            swarm.pass(.seconds(2))
            #expect(nodes.allSatisfy { $0.received.count == 1 })
            try swarm.stop(nodes)
        }
    }
}
