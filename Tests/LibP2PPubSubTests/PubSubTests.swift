import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Testing

@testable import LibP2PPubSub

struct PubSubTests {
    private func text(_ message: PubSubMessage) -> String { String(decoding: message.data, as: UTF8.self) }

    @Test func twoNodesTalk() throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let one = try swarm.makeNode(1)
            let other = try swarm.makeNode(2)
            try swarm.connect(one, other)
            swarm.pass(.seconds(2))
            try swarm.publish("hello", by: one)
            try swarm.publish("well", by: other)
            swarm.pass(.seconds(1))
            for node in [one, other] {
                #expect(node.received.map(text).sorted() == ["hello", "well"])
                #expect(Set(node.received.map(\.author)) == [one.id, other.id])
            }
            #expect(try simulation.perform { await one.pubsub.mesh(of: "t") } == [other.id])
            #expect(one.pubsub.statistics.peers == 1)
            // One leaves the topic and is told nothing more.
            try simulation.perform { await other.pubsub.stop() }
            swarm.pass(.seconds(2))
            try swarm.publish("gone", by: one)
            swarm.pass(.seconds(1))
            #expect(other.received.count == 2)
            #expect(try simulation.perform { await one.pubsub.subscribers(of: "t") }.isEmpty)
            try swarm.stop([one])
        }
    }

    @Test func aTopicIsLeftWhenNobodyListens() throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let one = try swarm.makeNode(1, listeningTo: nil)
            let other = try swarm.makeNode(2, listeningTo: nil)
            try swarm.connect(one, other)
            let taken = try simulation.perform {
                let messages = try await one.pubsub.subscribe(to: "t", capacity: 2)
                for text in ["1", "2", "3"] { try await one.pubsub.publish(Array(text.utf8), to: "t") }
                var taken: [PubSubMessage] = []
                for await message in messages {
                    taken.append(message)
                    if taken.count == 2 { break }
                }
                return taken
            }
            // The oldest was lost.
            #expect(taken.map(text) == ["2", "3"])
            swarm.pass(.seconds(2))
            #expect(one.pubsub.statistics.topics == 0)
            #expect(one.pubsub.statistics.droppedDeliveries == 1)
            #expect(try simulation.perform { await other.pubsub.subscribers(of: "t") }.isEmpty)
            let long = String(repeating: "t", count: 257)
            #expect(throws: PubSubError(.limitReached, "")) {
                try simulation.perform { try await one.pubsub.join(long) }
            }
            #expect(throws: PubSubError(.messageTooLong, "")) {
                try simulation.perform { try await one.pubsub.publish([UInt8](repeating: 0, count: 1 << 20), to: "t") }
            }
            try swarm.stop([one, other])
        }
    }

    @Test func aNodeJudgesWhatItSendsOn() throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let nodes = try (1...3).map { try swarm.makeNode($0) }
            try swarm.connect(nodes[0], nodes[1])
            try swarm.connect(nodes[1], nodes[2])
            try simulation.perform {
                await nodes[1].pubsub.validate("t") { $0.data.first == 0x62 ? .reject : .accept }
            }
            swarm.pass(.seconds(2))
            try swarm.publish("good", by: nodes[0])
            try swarm.publish("bad", by: nodes[0])
            swarm.pass(.seconds(3))
            #expect(nodes[2].received.map(text) == ["good"])
            #expect(try simulation.perform { await nodes[1].pubsub.score(of: nodes[0].id) } < 0)
            try swarm.stop(nodes)
        }
    }

    /// Clients of both forms meet at the hub, which looks at neither, and gets its own word out.
    @Test func theHubOfPeerDiscovery() throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let hub = try swarm.makeNode(1, listeningTo: nil)
            try simulation.perform { try await hub.pubsub.serveDiscovery(announces: true) }
            let vectors = try PubSubVectors.load()
            let old = PlainClient(try swarm.makeHost(2).0, .floodsub)
            let middle = PlainClient(try swarm.makeHost(3).0, .meshsub10)
            let new = PlainClient(try swarm.makeHost(4).0, .meshsub11)
            for client in [old, middle, new] {
                try client.join(hub, simulation)
                client.subscribe(to: vectors.topic)
            }
            swarm.pass(.seconds(3))
            for client in [old, middle, new] {
                // The first thing that anybody is told is what the hub is subscribed to.
                #expect(client.received.first?.subscriptions == [.init(topic: vectors.topic, isWanted: true)])
            }
            #expect(!old.received.contains { !$0.control.isEmpty })
            #expect(new.received.contains { $0.control.graft == [vectors.topic] })
            let oldForm = try hex(vectors.peer_discovery_payload_2020_to_2022_hex)
            let newForm = try hex(vectors.peer_discovery_payload_hex)
            try old.publish(oldForm, to: vectors.topic, sequence: 0x8000_0000_0000_0001)
            try new.publish(newForm, to: vectors.topic, sequence: 1)
            swarm.pass(.seconds(2))
            func payloads(_ client: PlainClient, by author: PlainClient) -> [[UInt8]] {
                client.messages.filter { $0.author == author.host.localPeer.bytes }
                    .compactMap { $0.data.map { Array($0.readableBytesView) } }
            }
            #expect(payloads(middle, by: old) == [oldForm])
            #expect(payloads(middle, by: new) == [newForm])
            #expect(payloads(new, by: old) == [oldForm])
            #expect(payloads(old, by: new) == [newForm])
            #expect(payloads(old, by: old).isEmpty)
            for message in middle.messages { #expect(throws: Never.self) { try message.verifiedAuthor() } }

            swarm.pass(.seconds(10))
            let own = try #require(new.messages.last { $0.author == hub.id.bytes }?.data)
            let announced = try PeerDiscoveryMessage(payload: Array(own.readableBytesView))
            #expect(announced.form == .current)
            #expect(announced.publicKey == hub.host.identity.publicKey)
            #expect(announced.addresses == [hub.address])
            try swarm.stop([hub])
        }
    }

    @Test func theHubIsSilentWhileNobodyIsThere() throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let hub = try swarm.makeNode(1, listeningTo: nil)
            try simulation.perform { try await hub.pubsub.serveDiscovery(announces: true) }
            swarm.pass(.seconds(60))
            #expect(hub.pubsub.statistics.publishedMessages == 0)
            #expect(hub.pubsub.statistics.topics == 1)
            try swarm.stop([hub])
        }
    }

    /// A peer that reads nothing costs a bounded queue, and is given up.
    @Test func aPeerThatReadsNothing() throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let hub = try swarm.makeNode(1)
            let author = try swarm.makeNode(2)
            try swarm.connect(author, hub)
            let deaf = PlainClient(try swarm.makeHost(3).0, .floodsub, reads: false)
            try deaf.join(hub, simulation)
            deaf.subscribe(to: "t")
            swarm.pass(.seconds(2))
            #expect(try simulation.perform { await hub.pubsub.subscribers(of: "t") }.count == 2)
            let block = String(repeating: "x", count: 100_000)
            for _ in 0..<40 {
                try swarm.publish(block, by: author)
                swarm.pass(.milliseconds(200))
            }
            #expect(hub.received.count == 40)
            swarm.pass(.seconds(2))
            #expect(hub.pubsub.statistics.droppedRPCs > 10)
            swarm.pass(.seconds(40))
            #expect(try simulation.perform { await hub.pubsub.members[deaf.host.localPeer]?.failures } ?? 0 >= 1)
            try swarm.stop([hub, author])
        }
    }

    @Test func junkEndsAStreamAndNothingElse() throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let hub = try swarm.makeNode(1)
            let (host, _) = try swarm.makeHost(2)
            let connection = try simulation.perform { try await host.connect(to: hub.id, at: [hub.address]) }
            for junk in [[0x02, 0x0a, 0x05], [0xff, 0xff, 0xff, 0x7f], [0x01, 0x07]] as [[UInt8]] {
                #expect(throws: NetworkError(.reset, "")) {
                    try simulation.perform {
                        try await connection.withStream(["/meshsub/1.1.0"]) { stream in
                            try await stream.write(junk)
                            while try await stream.read() != nil {}
                            try await stream.write([0])
                        }
                    }
                }
            }
            let other = try swarm.makeNode(3)
            try swarm.connect(other, hub)
            swarm.pass(.seconds(2))
            try swarm.publish("still here", by: other)
            swarm.pass(.seconds(1))
            #expect(hub.received.map(text) == ["still here"])
            try swarm.stop([hub, other])
        }
    }

    @Test func peersBeyondTheLimitAreRefused() throws {
        try Simulation.run { simulation in
            let swarm = Swarm(simulation)
            let hub = try swarm.makeNode(1) { $0.limits.peers = 3 }
            let others = try (2...6).map { try swarm.makeNode($0) }
            for other in others { try swarm.connect(other, hub) }
            swarm.pass(.seconds(5))
            #expect(hub.pubsub.statistics.peers == 3)
            #expect(hub.pubsub.statistics.lostPeers >= 2)
            simulation.network.remove(others[0].id)
            swarm.pass(.seconds(5))
            // One that was refused may have tried again and got the place.
            #expect(hub.pubsub.statistics.peers <= 3)
            #expect(try simulation.perform { await hub.pubsub.members[others[0].id] == nil })
            try swarm.stop([hub] + others)
        }
    }
}
