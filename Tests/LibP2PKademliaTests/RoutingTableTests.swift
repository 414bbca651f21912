import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Testing
import Wire

@testable import LibP2PKademlia

@Suite struct RoutingTableTests {
    private func moment(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

    private func fullTable(seed: UInt64, peers: Int) throws -> (RoutingTable, [PeerID]) {
        var generator = SeededGenerator(seed: seed)
        var table = RoutingTable(ownID: try generator.peer())
        var added: [PeerID] = []
        for second in 0..<peers {
            let peer = try generator.peer()
            if table.offer(peer, groups: [], now: moment(Int64(second))) == .added { added.append(peer) }
        }
        return (table, added)
    }

    @Test func bucketsAreBoundedAndKeepTheOldest() throws {
        let (table, added) = try fullTable(seed: 1, peers: 2_000)
        #expect(table.bucketSizes.allSatisfy { $0 <= 20 })
        #expect(table.bucketSizes.prefix(5).allSatisfy { $0 == 20 })
        #expect(table.count == added.count)
        // The first to come are there: nobody that lives was pushed out.
        #expect(added.allSatisfy { table.contains($0) })
    }

    @Test func candidatesTakeTheFreePlace() throws {
        var generator = SeededGenerator(seed: 2)
        var table = RoutingTable(ownID: try generator.peer())
        var first: PeerID?
        var waiting: PeerID?
        while waiting == nil {
            let peer = try generator.peer()
            guard KademliaKey(peer).commonPrefixLength(with: table.ownKey) == 0 else { continue }
            switch table.offer(peer, groups: [], now: moment(0)) {
            case .added: first = first ?? peer
            case .waiting: waiting = peer
            default: Issue.record("unexpected admission")
            }
        }
        let leaving = try #require(first)
        #expect(table.remove(leaving) == waiting)
        #expect(!table.contains(leaving))
        // Candidates are spent: the next to leave has no successor.
        let next = try #require(table.peers.first { KademliaKey($0.peer).commonPrefixLength(with: table.ownKey) == 0 })
        #expect(table.remove(next.peer) == nil)
    }

    @Test func oneAddressBlockGetsFewPlaces() throws {
        var generator = SeededGenerator(seed: 4)
        var table = RoutingTable(ownID: try generator.peer())
        let block = try #require(AddressGroup(ip: [203, 0, 113, 7]))
        var admissions: [RoutingTable.Admission: Int] = [:]
        for _ in 0..<100 {
            admissions[table.offer(try generator.peer(), groups: [block], now: moment(0)), default: 0] += 1
        }
        #expect(admissions[.added] == 3)
        #expect(admissions[.tooManyOfGroup] == 97)
        #expect(table.bucketSizes.allSatisfy { $0 <= 2 })
        // A place that is given up counts again.
        let member = try #require(table.peers.first)
        _ = table.remove(member.peer)
        var added = false
        for _ in 0..<100 where !added {
            added = table.offer(try generator.peer(), groups: [block], now: moment(1)) == .added
        }
        #expect(added)
    }

    @Test func blocksFollowTheAllocations() throws {
        #expect(AddressGroup(ip: [203, 0, 1, 1]) == AddressGroup(ip: [203, 0, 200, 1]))
        #expect(AddressGroup(ip: [203, 0, 1, 1]) != AddressGroup(ip: [203, 1, 1, 1]))
        #expect(AddressGroup(ip: [17, 0, 1, 1]) == AddressGroup(ip: [17, 200, 1, 1]))
        let first: [UInt8] = [0x20, 0x01, 0x0d, 0xb8, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
        var second = first
        second[4] = 9
        #expect(AddressGroup(ip: first) == AddressGroup(ip: second))
        second[3] = 0xb9
        #expect(AddressGroup(ip: first) != AddressGroup(ip: second))
        #expect(AddressGroup(ip: [1, 2, 3]) == nil)
    }

    @Test func ownIDStaysOut() throws {
        var generator = SeededGenerator(seed: 5)
        let own = try generator.peer()
        var table = RoutingTable(ownID: own)
        #expect(table.offer(own, groups: [], now: moment(0)) == .ownID)
        #expect(table.count == 0)
    }

    @Test func silentPeersComeInOrder() throws {
        var generator = SeededGenerator(seed: 6)
        var table = RoutingTable(ownID: try generator.peer())
        let peers = [try generator.peer(), try generator.peer(), try generator.peer()]
        for (second, peer) in peers.enumerated() { _ = table.offer(peer, groups: [], now: moment(Int64(second))) }
        table.noteAnswer(of: peers[0], now: moment(10))
        #expect(table.silent(since: moment(5)) == [peers[1], peers[2]])
        #expect(table.silent(since: moment(11)) == [peers[1], peers[2], peers[0]])
    }

    @Test(arguments: [UInt64](1...20)) func nearestEqualsSorting(seed: UInt64) throws {
        let (table, peers) = try fullTable(seed: seed, peers: seed == 1 ? 1 : Int(seed) * 40)
        let snapshot = RoutingSnapshot(
            table.peers.map { RoutingSnapshot.Peer(id: $0.peer, addresses: [], isConnected: true) })
        var generator = SeededGenerator(seed: seed + 100)
        for _ in 0..<50 {
            let target = KademliaKey(hashing: generator.bytes(16))
            let sorted = peers.sorted {
                KademliaKey($0).distance(to: target) < KademliaKey($1).distance(to: target)
            }
            #expect(snapshot.nearest(20, to: target) == Array(sorted.prefix(20)))
        }
        #expect(snapshot.nearest(0, to: table.ownKey).isEmpty)
        #expect(RoutingSnapshot.empty.nearest(20, to: table.ownKey).isEmpty)
    }

    @Test func answersLeaveOutTheAskerAndPeersWithoutAddresses() throws {
        var generator = SeededGenerator(seed: 8)
        let old = try Multiaddr("/ip4/192.0.2.1/tcp/4001")
        let new = try Multiaddr("/ip4/192.0.2.1/udp/4001/quic-v1")
        var peers: [RoutingSnapshot.Peer] = []
        for index in 0..<30 {
            let addresses = index == 0 ? [] : index == 1 ? [new] : [new, old]
            peers.append(.init(id: try generator.peer(), addresses: addresses, isConnected: index > 2))
        }
        let snapshot = RoutingSnapshot(peers)
        func answer(_ vocabulary: AddressVocabulary) throws -> [KademliaMessage.Peer] {
            var buffer = ByteBuffer()
            snapshot.writeNearest(
                30, to: KademliaKey(peers[5].id), excluding: KademliaKey(peers[3].id), and: KademliaKey(peers[4].id),
                vocabulary: vocabulary, into: &buffer)
            return try KademliaMessage(protobuf: buffer).closerPeers
        }
        let current = try answer(.current)
        #expect(current.first?.id == peers[5].id)
        #expect(Set(current.map(\.id)) == Set(peers.map(\.id)).subtracting([peers[0].id, peers[3].id, peers[4].id]))
        #expect(current.first { $0.id == peers[2].id }?.connection == .canConnect)
        let legacy = try answer(.year2020)
        #expect(legacy.count == current.count - 1)
        #expect(legacy.allSatisfy { $0.addresses == [old] })
    }

    @Test func readersSeeWhatIsPublished() throws {
        var generator = SeededGenerator(seed: 9)
        let published = PublishedSnapshot()
        var reader = PublishedSnapshot.Reader(published)
        #expect(reader.read().count == 0)
        published.publish(RoutingSnapshot([.init(id: try generator.peer(), addresses: [], isConnected: false)]))
        #expect(reader.read().count == 1)
        #expect(published.latest.count == 1)
    }
}
