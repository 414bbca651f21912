import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import Testing

@testable import LibP2PKademlia

/// Whole networks in one thread, on a clock of their own.
@Suite(.serialized) struct LargeNetworkTests {
    /// What some lookups came to.
    private struct Outcomes: Equatable {
        var succeeded = 0
        var hops: [Int] = []

        var successRate: Double { Double(succeeded) / Double(max(1, hops.count)) }
        var meanHops: Double { Double(hops.reduce(0, +)) / Double(max(1, hops.count)) }
    }

    /// A run of a network: equal for equal seeds.
    private struct History: Equatable {
        /// Lookups at each size that was asked for.
        var grown: [Outcomes] = []
        /// Lookups right after the loss.
        var afterLoss = Outcomes()
        /// Lookups when those had shown who is gone.
        var recovered = Outcomes()
        var fingerprint: UInt64 = 0
    }

    @Test func aThousandNodesFindWhatTheyLookForAndOutliveALoss() throws {
        let history = try run(seed: 1, sizes: [60, 250, 1_000], lookups: 60)
        for outcomes in history.grown { #expect(outcomes.successRate >= 0.99) }
        // Four times the nodes each time: with log n the hops grow by about the same amount each time.
        let hops = history.grown.map(\.meanHops)
        #expect(hops[0] < hops[1])
        #expect(hops[1] < hops[2])
        #expect(hops[2] - hops[1] < 2 * (hops[1] - hops[0]) + 0.5)
        #expect(hops[2] < 4)
        #expect(history.afterLoss.successRate >= 0.95)
        #expect(history.recovered.successRate >= 0.99)
    }

    @Test func equalSeedsGiveEqualRuns() throws {
        let first = try run(seed: 2, sizes: [20, 40], lookups: 20)
        #expect(try run(seed: 2, sizes: [20, 40], lookups: 20) == first)
        #expect(try run(seed: 3, sizes: [20, 40], lookups: 20).fingerprint != first.fingerprint)
    }

    /// Grows a network to the sizes, looks around in it, takes 30 % of it away without a word, and looks again.
    private func run(seed: UInt64, sizes: [Int], lookups: Int) throws -> History {
        try Simulation.run(seed: seed) { simulation in
            let swarm = Swarm(simulation)
            var history = History()
            var nodes: [Swarm.Node] = []
            for size in sizes {
                try grow(&nodes, to: size, in: swarm)
                history.grown.append(try look(lookups, among: nodes, in: simulation))
            }
            var generator = simulation.random.generator
            nodes.shuffle(using: &generator)
            for lost in nodes.prefix(nodes.count * 3 / 10) { simulation.network.remove(lost.id, silently: true) }
            nodes.removeFirst(nodes.count * 3 / 10)
            history.afterLoss = try look(lookups, among: nodes, in: simulation)
            history.recovered = try look(lookups, among: nodes, in: simulation)
            history.fingerprint = simulation.network.fingerprint
            #expect(simulation.loop.foreignCalls == 0)
            return history
        }
    }

    private func grow(_ nodes: inout [Swarm.Node], to count: Int, in swarm: Swarm) throws {
        while nodes.count < count {
            // The first ten know the first; each of the others knows one of these.
            let index = nodes.count
            let bootstrap = index == 0 ? [] : [nodes[index < 10 ? 0 : index % 10]]
            nodes.append(
                try swarm.makeNode(bootstrap: bootstrap) {
                    // What is to be seen here is what joining and lookups do by themselves.
                    $0.refreshInterval = .seconds(86_400)
                    $0.rejoinInterval = .seconds(3_600)
                })
            swarm.pass(.milliseconds(500))
        }
        swarm.pass(.seconds(30))
    }

    /// Looks for random keys from random nodes. A lookup succeeds when it ends at the nearest node there is.
    private func look(_ count: Int, among nodes: [Swarm.Node], in simulation: Simulation) throws -> Outcomes {
        var outcomes = Outcomes()
        var generator = simulation.random.generator
        let everybody = RoutingSnapshot(nodes.map { .init(id: $0.id, addresses: [], isConnected: true) })
        for _ in 0..<count {
            let key = simulation.random.bytes(32)
            let asker = nodes[Int.random(in: 0..<nodes.count, using: &generator)]
            let outcome = try simulation.perform { try await asker.dht.look(for: key) }
            let nearest = everybody.nearest(2, to: KademliaKey(hashing: key)).first { $0 != asker.id }
            if outcome.nearest.first?.id == nearest { outcomes.succeeded += 1 }
            outcomes.hops.append(outcome.hops)
        }
        return outcomes
    }
}
