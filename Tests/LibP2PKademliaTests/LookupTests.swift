import LibP2PIdentity
import LibP2PTesting
import NIOCore
import Testing

@testable import LibP2PKademlia

@Suite struct LookupTests {
    /// A network in which every peer has a routing table, answered one request at a time.
    private struct World {
        let peers: [PeerID]
        let everybody: RoutingSnapshot
        let tables: [PeerID: RoutingSnapshot]
        var dead: Set<PeerID> = []

        init(peers: [PeerID]) {
            func snapshot(_ peers: [PeerID]) -> RoutingSnapshot {
                RoutingSnapshot(peers.map { .init(id: $0, addresses: [], isConnected: true) })
            }
            self.peers = peers
            everybody = snapshot(peers)
            var tables: [PeerID: RoutingSnapshot] = [:]
            for owner in peers {
                var table = RoutingTable(ownID: owner)
                for peer in peers { _ = table.offer(peer, groups: [], now: .uptimeNanoseconds(0)) }
                tables[owner] = snapshot(table.peers.map(\.peer))
            }
            self.tables = tables
        }

        func nearest(_ count: Int, to target: KademliaKey) -> [PeerID] { everybody.nearest(count, to: target) }

        /// Runs a lookup to its end.
        ///
        /// - Returns: the most requests that were open at a time.
        func run(_ lookup: inout Lookup) -> Int {
            var queue: [PeerID] = []
            var largest = 0
            while true {
                switch lookup.next() {
                case .ask(let peers): queue += peers
                case .wait: break
                case .done: return largest
                }
                largest = max(largest, queue.count)
                guard !queue.isEmpty else {
                    Issue.record("the lookup waits for nothing")
                    return largest
                }
                let peer = queue.removeFirst()
                if let table = tables[peer], !dead.contains(peer) {
                    lookup.answered(peer, naming: table.nearest(20, to: lookup.target))
                } else {
                    lookup.failed(peer)
                }
            }
        }
    }

    private func world(seed: UInt64, count: Int) throws -> (World, own: PeerID) {
        var generator = SeededGenerator(seed: seed)
        let own = try generator.peer()
        var peers: [PeerID] = []
        for _ in 0..<count { peers.append(try generator.peer()) }
        return (World(peers: peers), own)
    }

    @Test func findsTheNearest() throws {
        let (world, own) = try world(seed: 1, count: 120)
        let target = KademliaKey(hashing: [1, 2, 3])
        var lookup = Lookup(target: target, ownID: own, seeds: Array(world.peers.prefix(5)))
        let parallel = world.run(&lookup)
        #expect(lookup.nearest == world.nearest(20, to: target))
        #expect(lookup.nearestAnswering == lookup.nearest)
        #expect(parallel <= 20)
        #expect(lookup.hops >= 1)
    }

    @Test func deadPeersAreLeftOut() throws {
        var (world, own) = try world(seed: 2, count: 120)
        let target = KademliaKey(hashing: [9])
        world.dead = Set(world.nearest(6, to: target))
        var lookup = Lookup(target: target, ownID: own, seeds: Array(world.peers.suffix(8)))
        _ = world.run(&lookup)
        #expect(lookup.nearestAnswering.count == 20)
        #expect(world.dead.isDisjoint(with: lookup.nearest))
    }

    @Test func asksAtMostAlphaAtOnce() throws {
        let (world, own) = try world(seed: 3, count: 50)
        var lookup = Lookup(target: KademliaKey(own), ownID: own, seeds: world.peers)
        guard case .ask(let first) = lookup.next() else {
            Issue.record("nothing asked")
            return
        }
        #expect(first == Array(world.nearest(10, to: KademliaKey(own))))
        #expect(lookup.next() == .wait)
        lookup.failed(first[0])
        guard case .ask(let second) = lookup.next() else {
            Issue.record("no replacement asked")
            return
        }
        #expect(second.count == 1)
    }

    @Test func endsWithoutPeers() throws {
        var generator = SeededGenerator(seed: 4)
        let own = try generator.peer()
        var lookup = Lookup(target: KademliaKey(own), ownID: own, seeds: [own])
        #expect(lookup.next() == .done)
        #expect(lookup.nearest.isEmpty)
        #expect(lookup.hops == 0)
    }

    @Test func endsWhenAllFail() throws {
        var generator = SeededGenerator(seed: 5)
        let own = try generator.peer()
        let only = try generator.peer()
        var lookup = Lookup(target: KademliaKey(own), ownID: own, seeds: [only])
        #expect(lookup.next() == .ask([only]))
        lookup.failed(only)
        #expect(lookup.next() == .done)
        #expect(lookup.state(of: only) == .unreachable)
        // Late news change nothing.
        lookup.answered(only, naming: [try generator.peer()])
        #expect(lookup.next() == .done)
    }

    @Test func inventedPeersCanNotKeepItGoing() throws {
        var generator = SeededGenerator(seed: 6)
        let own = try generator.peer()
        let target = KademliaKey(own)
        var limits = LookupLimits()
        limits.maxPeers = 500
        limits.maxRequests = 60
        var lookup = Lookup(target: target, ownID: own, seeds: [try generator.peer()], limits: limits)
        var nearest = KademliaKey(try generator.peer()).distance(to: target)
        var requests = 0
        while case .ask(let peers) = lookup.next() {
            requests += peers.count
            for peer in peers {
                // Each answer names a peer nearer than all before.
                var invented: [PeerID] = []
                while invented.count < 2 {
                    let peer = try generator.peer()
                    let distance = KademliaKey(peer).distance(to: target)
                    if distance < nearest || requests > 2 {
                        nearest = min(nearest, distance)
                        invented.append(peer)
                    }
                }
                lookup.answered(peer, naming: invented)
            }
            try #require(requests <= 60)
        }
        #expect(lookup.requests <= 60)
    }

    @Test func stops() throws {
        var generator = SeededGenerator(seed: 7)
        let own = try generator.peer()
        var lookup = Lookup(target: KademliaKey(own), ownID: own, seeds: [try generator.peer()])
        lookup.stop()
        #expect(lookup.next() == .done)
    }
}
