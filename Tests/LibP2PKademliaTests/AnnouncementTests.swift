import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import Testing

@testable import LibP2PKademlia

@Suite struct AnnouncementTests {
    private let content = Multihash.sha256(of: Array("content".utf8)).bytes
    private let hour = Duration.seconds(3600)

    /// Hours of a small network pass quickly without its other chores.
    private func calm(_ configuration: inout KademliaConfiguration) {
        configuration.rejoinInterval = hour
        configuration.refreshInterval = hour
        configuration.announceInterval = .seconds(300)
    }

    private func reference(_ key: UInt8) -> Announcement.Reference { .init(.provider, [key]) }

    @Test func theBookTellsWhatIsDue() {
        var book = AnnouncementBook()
        let start = Timestamp(seconds: 1_000_000)
        book.set(Announcement(reference(1), told: start))
        book.set(Announcement(reference(2), told: start - hour))
        book.set(Announcement(reference(4)))
        book.set(Announcement(reference(3)))
        book.set(Announcement(.init(.value, [1]), told: start))
        #expect(book.count(.provider) == 4 && book.count(.value) == 1)
        #expect(book.due(at: start, every: hour) == [reference(3), reference(4), reference(2)])
        #expect(book.due(at: start + hour, every: hour).count == 5)
        book.set(Announcement(reference(4), told: start))
        #expect(book.count(.provider) == 4)
        #expect(book.due(at: start, every: hour) == [reference(3), reference(2)])
        let removals = [book.remove(reference(3)), book.remove(reference(3))]
        #expect(removals == [true, false])
        #expect(book.count(.provider) == 3)
        #expect(Set(book.keys(.provider)) == [[1], [2], [4]])
    }

    /// A node that was told to provide when nobody was there tells those who come.
    @Test func whatNobodyCouldBeToldIsToldLater() throws {
        try Simulation.run(seed: 31) { simulation in
            let swarm = Swarm(simulation)
            let alone = try swarm.makeNode(calm)
            try simulation.perform { try await alone.dht.beginProviding(content) }
            swarm.pass(.seconds(1))
            #expect(alone.dht.records.providers(of: content, now: simulation.clock.now).map(\.provider) == [alone.id])
            let other = try swarm.makeNode(bootstrap: [alone], calm)
            swarm.pass(.seconds(390))
            #expect(other.dht.records.providers(of: content, now: simulation.clock.now).map(\.provider) == [alone.id])
            // Alone again, it is still the provider for whoever asks, however long that lasts.
            simulation.network.remove(other.id)
            swarm.pass(hour * 100)
            #expect(alone.dht.records.providers(of: content, now: simulation.clock.now).map(\.provider) == [alone.id])
        }
    }

    @Test func manyAreToldAtOnceAndEachOnce() throws {
        try Simulation.run(seed: 32) { simulation in
            let swarm = Swarm(simulation)
            let root = try swarm.makeNode()
            let node = try swarm.makeNode(bootstrap: [root]) { $0.providedKeys = 50 }
            swarm.pass(.seconds(30))
            let keys = (0..<50).map { Multihash.sha256(of: Array("\($0)".utf8)).bytes }
            try simulation.perform { for key in keys + keys { try await node.dht.beginProviding(key) } }
            #expect(throws: KademliaError(.limitReached, "")) {
                try simulation.perform { try await node.dht.beginProviding(content) }
            }
            swarm.pass(.seconds(20))
            let requests = root.dht.statistics.requests(.addProvider)
            #expect(root.dht.records.providerCount == 50 && requests == 50)
            try simulation.perform { try await node.dht.beginProviding(keys[0]) }
            swarm.pass(hour)
            #expect(root.dht.statistics.requests(.addProvider) == 50)
        }
    }

    /// As at the start of a node whose cache is full of blocks. Were all looked through for each, this would not end soon.
    @Test func crowdsAreGathered() throws {
        try Simulation.run(seed: 36) { simulation in
            let alone = try Swarm(simulation).makeNode { $0.providedKeys = 20_000 }
            let keys = (0..<20_000).map { Multihash.sha256(of: Array("\($0)".utf8)).bytes }
            try simulation.perform(atMost: .seconds(600)) {
                for key in keys { try await alone.dht.beginProviding(key) }
            }
            #expect(alone.dht.records.providerCount == 20_000)
        }
    }

    /// The records that others hold would run out otherwise: they live for 48 hours.
    @Test func announcingGoesOnAfterARestart() throws {
        try Simulation.run(seed: 33) { simulation in
            let swarm = Swarm(simulation)
            let root = try swarm.makeNode()
            let journal = MemoryJournal()
            let identity = try simulation.makeIdentity()
            let key = Array("/pk/".utf8) + identity.publicKey.peerID.bytes
            let value = identity.publicKey.protobuf
            func start() throws -> Swarm.Node {
                let node = try swarm.makeNode(
                    bootstrap: [root], ip: [62, 1, 1, 1], journal: journal, identity: identity)
                swarm.pass(.seconds(30))
                return node
            }
            func end(_ node: Swarm.Node) throws {
                try simulation.perform { await node.dht.stop() }
                simulation.network.remove(node.id)
            }
            let first = try start()
            try simulation.perform {
                _ = try await first.dht.provide(content)
                _ = try await first.dht.provide(Array(content.reversed()))
                _ = try await first.dht.putValue(value, key: key)
            }
            #expect(journal.announcements.count == 3 && journal.announcements.allSatisfy { $0.told != nil })
            swarm.pass(hour)
            try end(first)

            // Told lately: nothing is told again, and the next time comes when it would have come.
            let second = try start()
            try simulation.perform { try await second.dht.beginProviding(content) }
            let told = root.dht.statistics.requests(.addProvider)
            swarm.pass(.seconds(900))
            #expect(root.dht.statistics.requests(.addProvider) == told)
            #expect(second.dht.records.providers(of: content, now: simulation.clock.now).map(\.provider) == [second.id])
            // What nobody has provided since is no more.
            #expect(journal.announcements.count == 2)
            #expect(second.dht.records.providerCount == 1)
            try end(second)

            // Away for longer than any record lives.
            swarm.pass(hour * 50)
            #expect(root.dht.records.providers(of: content, now: simulation.clock.now).isEmpty)
            #expect(root.dht.records.value(of: key, now: simulation.clock.now) == nil)
            let third = try start()
            try simulation.perform { try await third.dht.beginProviding(content) }
            swarm.pass(.seconds(60))
            #expect(root.dht.records.providers(of: content, now: simulation.clock.now).map(\.provider) == [third.id])
            #expect(root.dht.records.value(of: key, now: simulation.clock.now)?.value == value)
        }
    }

    /// An IPNS record is put again until it runs out, and a better one that came up elsewhere in its place.
    @Test func theBestValueIsPutAgain() throws {
        try Simulation.run(seed: 34) { simulation in
            let swarm = Swarm(simulation)
            let root = try swarm.makeNode(calm)
            let nodes = try (0..<3).map { _ in try swarm.makeNode(bootstrap: [root], calm) }
            swarm.pass(.seconds(30))
            let entries = try #require(try TestVectors.values("ipns-records")["derived"] as? [[String: Any]])
            func record(_ label: String) throws -> [UInt8] {
                let entry = try #require(entries.first { ($0["label"] as? String)?.hasPrefix(label) == true })
                return try #require(bytes(hex: entry["record_hex"] as? String))
            }
            let name = try PeerID(try #require(entries.first?["name"] as? String))
            let key = Array("/ipns/".utf8) + name.bytes
            let (old, new) = (try record("v1+v2 seq1"), try record("v2-only seq2"))
            _ = try simulation.perform { try await nodes[0].dht.putValue(old, key: key) }
            // Another publisher's reaches one node only.
            _ = try simulation.perform {
                try await nodes[1].dht.client.request(
                    KademliaMessage(.putValue, key: key, record: .init(key: key, value: new)), to: nodes[2].id, at: [])
            }
            swarm.pass(hour * 23)
            for node in nodes + [root] {
                #expect(node.dht.records.value(of: key, now: simulation.clock.now)?.value == new)
            }
            #expect(try simulation.perform { await nodes[0].dht.announcementCounts.published } == 1)
            let end = try IPNSRecord(bytes: new).validity
            #expect(end > simulation.clock.now)
        }
    }

    @Test func whatHasRunOutIsPutNoMore() throws {
        try Simulation.run(seed: 35) { simulation in
            let swarm = Swarm(simulation)
            let root = try swarm.makeNode(calm)
            let publisher = try swarm.makeNode(bootstrap: [root], calm)
            swarm.pass(.seconds(30))
            let owner = try simulation.makeIdentity()
            let key = Array("/ipns/".utf8) + owner.peerID.bytes
            let value = try TestIPNSRecord.make(owner, until: simulation.clock.now + hour * 30)
            _ = try simulation.perform { try await publisher.dht.putValue(value, key: key) }
            let puts = root.dht.statistics.requests(.putValue)
            swarm.pass(hour * 23)
            #expect(root.dht.statistics.requests(.putValue) > puts)
            #expect(try simulation.perform { await publisher.dht.announcementCounts.published } == 1)
            let again = root.dht.statistics.requests(.putValue)
            swarm.pass(hour * 30)
            #expect(root.dht.statistics.requests(.putValue) == again)
            #expect(try simulation.perform { await publisher.dht.announcementCounts.published } == 0)
        }
    }
}
