import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOConcurrencyHelpers
import NIOCore
import Testing
import Wire

@testable import LibP2PKademlia

@Suite struct KademliaDHTTests {
    private static let content: [UInt8] = Multihash.sha256(of: Array("content".utf8)).bytes

    /// A swarm that has joined through its first node.
    private func joined(
        _ simulation: Simulation, _ count: Int, _ adjust: (inout KademliaConfiguration) -> Void = { _ in }
    ) throws -> (Swarm, [Swarm.Node]) {
        let swarm = Swarm(simulation)
        var nodes = [try swarm.makeNode(adjust)]
        for _ in 1..<count { nodes.append(try swarm.makeNode(bootstrap: [nodes[0]], adjust)) }
        swarm.pass(.seconds(30))
        return (swarm, nodes)
    }

    @Test func peersFindEachOtherThroughOneNode() throws {
        try Simulation.run(seed: 1) { simulation in
            let (_, nodes) = try joined(simulation, 8)
            for node in nodes { #expect(node.dht.table.count == 7) }
            for node in nodes {
                for other in nodes where other.id != node.id {
                    let found = try simulation.perform { try await node.dht.findPeer(other.id) }
                    #expect(found.addresses.contains(other.address))
                }
            }
        }
    }

    /// Who has just dialled, and has not said yet where it listens, is found, and not by the port that it dialled from.
    @Test func thePortThatAPeerDialledFromIsNotTold() throws {
        try Simulation.run(seed: 3) { simulation in
            let (swarm, nodes) = try joined(simulation, 3)
            let identity = try simulation.makeIdentity()
            let ip = try #require(IPAddress("66.1.2.3"))
            let newcomer = Host(
                identity: identity, loops: simulation.loops,
                transports: [simulation.network.transport(for: identity.publicKey, host: ip)],
                clock: simulation.clock, random: simulation.random)
            let listening = try simulation.perform {
                let listener = try await newcomer.listen(on: Multiaddr.ip(ip, tcp: 4001))
                _ = try await newcomer.connect(to: nodes[0].id, at: [nodes[0].address])
                return listener.address
            }
            let early = try simulation.perform { try await nodes[0].dht.findPeer(newcomer.localPeer) }
            #expect(early == FoundPeer(id: newcomer.localPeer, addresses: []))
            let connection = try #require(nodes[0].host.connections(to: newcomer.localPeer).first)
            #expect(connection.isInbound && connection.remoteAddress != listening)
            swarm.introductions.add(newcomer, agentVersion: "test/1")
            let description = try #require(swarm.introductions.description(of: newcomer.localPeer))
            nodes[0].host.identified(connection, as: description)
            let later = try simulation.perform { try await nodes[0].dht.findPeer(newcomer.localPeer) }
            #expect(later.addresses == [listening])
        }
    }

    @Test func findsAProviderAndRemembersItWithoutIt() throws {
        try Simulation.run(seed: 2) { simulation in
            let (swarm, nodes) = try joined(simulation, 8)
            let told = try simulation.perform { try await nodes[3].dht.provide(Self.content) }
            #expect(Set(told) == Set(nodes.map(\.id)).subtracting([nodes[3].id]))
            swarm.pass(.seconds(1))
            func providers(_ node: Swarm.Node) throws -> [PeerID] {
                let found = NIOLockedValueBox<[FoundPeer]>([])
                _ = try simulation.perform {
                    try await node.dht.findProviders(of: Self.content) { peer in
                        found.withLockedValue { $0.append(peer) }
                    }
                }
                #expect(found.withLockedValue { $0 }.allSatisfy { $0.addresses == [nodes[3].address] })
                return found.withLockedValue { $0.map(\.id) }
            }
            for node in nodes where node.id != nodes[3].id { #expect(try providers(node) == [nodes[3].id]) }
            for node in nodes.dropFirst(2) { simulation.network.remove(node.id) }
            #expect(try providers(nodes[0]) == [nodes[3].id])
        }
    }

    @Test func valuesAreStoredFoundAndCorrected() throws {
        try Simulation.run(seed: 3) { simulation in
            let (swarm, nodes) = try joined(simulation, 8)
            let entries = try #require(try TestVectors.values("ipns-records")["derived"] as? [[String: Any]])
            func record(_ label: String) throws -> [UInt8] {
                let entry = try #require(entries.first { ($0["label"] as? String)?.hasPrefix(label) == true })
                return try #require(bytes(hex: entry["record_hex"] as? String))
            }
            let name = try PeerID(try #require(entries.first?["name"] as? String))
            let key = Array("/ipns/".utf8) + name.bytes
            let (old, new) = (try record("v1+v2 seq1"), try record("v2-only seq2"))
            _ = try simulation.perform { try await nodes[1].dht.putValue(old, key: key) }
            // One node got a newer value by itself.
            _ = try simulation.perform {
                try await nodes[2].dht.client.request(
                    KademliaMessage(.putValue, key: key, record: .init(key: key, value: new)), to: nodes[5].id, at: [])
            }
            #expect(try simulation.perform { try await nodes[4].dht.getValue(key) } == new)
            swarm.pass(.seconds(10))
            let now = simulation.clock.now
            #expect(nodes.filter { $0.dht.records.value(of: key, now: now)?.value == new }.count >= 7)
            // An older one is refused now.
            #expect(throws: KademliaError(.outdatedRecord, "")) {
                try simulation.perform { try await nodes[5].dht.putValue(old, key: key) }
            }
            #expect(throws: KademliaError(.invalidRecord, "")) {
                try simulation.perform { try await nodes[5].dht.putValue(new, key: Array("/example/x".utf8)) }
            }
            #expect(throws: KademliaError(.notFound, "")) {
                try simulation.perform { try await nodes[5].dht.getValue(Array("/pk/".utf8) + nodes[1].id.bytes) }
            }
        }
    }

    @Test func valuesArePutAgainUntilTheyRunOut() throws {
        try Simulation.run(seed: 3) { simulation in
            let (swarm, nodes) = try joined(simulation, 5)
            let identity = try simulation.makeIdentity()
            let publisher = try swarm.makeNode(bootstrap: [nodes[0]], identity: identity)
            swarm.pass(.seconds(30))
            let key = Array("/pk/".utf8) + publisher.id.bytes
            let value = identity.publicKey.protobuf
            let told = try simulation.perform { try await publisher.dht.putValue(value, key: key) }
            #expect(Set(told) == Set(nodes.map(\.id)))
            let newcomer = try swarm.makeNode(bootstrap: [nodes[0]])
            swarm.pass(.seconds(30))
            #expect(newcomer.dht.records.value(of: key, now: simulation.clock.now) == nil)
            swarm.pass(publisher.dht.configuration.republishInterval + publisher.dht.configuration.refreshInterval)
            #expect(newcomer.dht.records.value(of: key, now: simulation.clock.now)?.value == value)
        }
    }

    @Test func clientsAskAndAreNotListed() throws {
        try Simulation.run(seed: 4) { simulation in
            let (swarm, nodes) = try joined(simulation, 5)
            let client = try swarm.makeNode(bootstrap: [nodes[0]], mode: .client)
            swarm.pass(.seconds(30))
            #expect(client.dht.table.count >= 4)
            for node in nodes { #expect(!node.dht.table.contains(client.id)) }
            let found = try simulation.perform { try await client.dht.closestPeers(to: Self.content) }
            #expect(found.count == 5)
            // It is found by its id all the same, since those it is connected to know it.
            let itself = try simulation.perform { try await nodes[4].dht.findPeer(client.id) }
            #expect(itself.id == client.id)
            // A server that becomes a client leaves the tables when identify says so.
            try simulation.perform { await nodes[1].dht.setMode(.client) }
            for node in nodes where node.id != nodes[1].id {
                guard let connection = node.host.connections(to: nodes[1].id).first,
                    let description = swarm.introductions.description(of: nodes[1].id)
                else { continue }
                node.host.identified(connection, as: description)
            }
            swarm.pass(.seconds(1))
            for node in nodes { #expect(!node.dht.table.contains(nodes[1].id)) }
        }
    }

    @Test func vanishedPeersLeaveTheTable() throws {
        try Simulation.run(seed: 5) { simulation in
            let (swarm, nodes) = try joined(simulation, 6)
            #expect(nodes[0].dht.table.contains(nodes[5].id))
            simulation.network.remove(nodes[5].id, silently: true)
            swarm.pass(.seconds(1_300))
            for node in nodes.dropLast() {
                #expect(!node.dht.table.contains(nodes[5].id))
                #expect(node.dht.table.count >= 4)
            }
        }
    }

    @Test(arguments: [false, true]) func privatePeersCountToTheirBlocksWhereThatIsWanted(counts: Bool) throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let root = try swarm.makeNode(ip: [10, 0, 0, 1], allowsPrivate: true) {
                $0.routing.countsPrivateGroups = counts
                $0.routing.peersPerGroup = 2
                $0.routing.peersPerGroupInBucket = 0
            }
            for host in UInt8(2)...5 {
                _ = try swarm.makeNode(bootstrap: [root], ip: [10, 0, 0, host], allowsPrivate: true)
            }
            swarm.pass(.seconds(60))
            #expect(root.dht.table.count == (counts ? 2 : 4))
        }
    }

    @Test func recordsAndPeersComeBackFromTheJournal() throws {
        try Simulation.run(seed: 6) { simulation in
            let swarm = Swarm(simulation)
            let journal = MemoryJournal()
            let identity = try simulation.makeIdentity()
            let first = try swarm.makeNode(ip: [62, 1, 1, 1], journal: journal, identity: identity)
            let other = try swarm.makeNode(bootstrap: [first])
            swarm.pass(.seconds(10))
            _ = try simulation.perform { try await other.dht.provide(Self.content) }
            swarm.pass(.seconds(5))
            #expect(first.dht.records.providerCount == 1)
            simulation.network.remove(first.id)
            try simulation.perform { await first.dht.stop() }
            swarm.pass(.seconds(60))
            let second = try swarm.makeNode(ip: [62, 1, 1, 1], journal: journal, identity: identity)
            swarm.pass(.seconds(30))
            #expect(
                second.dht.records.providers(of: Self.content, now: simulation.clock.now).map(\.provider) == [other.id])
            // It knows whom to ask without a bootstrap peer.
            #expect(second.dht.table.contains(other.id))
        }
    }

    @Test func providersAreToldAgain() throws {
        try Simulation.run(seed: 7) { simulation in
            let (swarm, nodes) = try joined(simulation, 4) {
                $0.refreshInterval = .seconds(3_600)
                $0.rejoinInterval = .seconds(3_600)
            }
            _ = try simulation.perform { try await nodes[1].dht.provide(Self.content) }
            swarm.pass(.seconds(60 * 3_600))
            let now = simulation.clock.now
            #expect(nodes[0].dht.records.providers(of: Self.content, now: now).map(\.provider) == [nodes[1].id])
            try simulation.perform { await nodes[1].dht.stopProviding(Self.content) }
            #expect(nodes[1].dht.records.providerCount == 0)
            swarm.pass(.seconds(50 * 3_600))
            #expect(nodes[0].dht.records.providerCount == 0)
        }
    }

    @Test func onlyReachablePeersComeIn() throws {
        try Simulation.run(seed: 8) { simulation in
            let swarm = Swarm(simulation)
            let node = try swarm.makeNode()
            let hidden = try swarm.makeNode(bootstrap: [node], ip: [10, 0, 0, 7])
            swarm.pass(.seconds(30))
            #expect(!node.host.connections(to: hidden.id).isEmpty)
            #expect(node.dht.table.count == 0)
            let lab = try swarm.makeNode(allowsPrivate: true)
            let member = try swarm.makeNode(bootstrap: [lab], ip: [10, 0, 0, 8], allowsPrivate: true)
            swarm.pass(.seconds(30))
            #expect(lab.dht.table.contains(member.id))
        }
    }

    @Test func lonelyNodesHaveNobodyToAsk() throws {
        try Simulation.run(seed: 9) { simulation in
            let node = try Swarm(simulation).makeNode()
            #expect(throws: KademliaError(.noPeers, "")) {
                try simulation.perform { try await node.dht.closestPeers(to: Self.content) }
            }
            #expect(throws: KademliaError(.noPeers, "")) {
                try simulation.perform {
                    try await node.dht.findPeer(PeerID(bytes: [0x12, 0x20] + [UInt8](repeating: 1, count: 32)))
                }
            }
        }
    }
}
