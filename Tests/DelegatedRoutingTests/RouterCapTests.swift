import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import Testing

@testable import DelegatedRouting

struct RouterCapTests {
    /// Not only searches that can be shared make the network work.
    @Test func whateverAsksTheNetworkCounts() throws {
        try Simulation.run { simulation in
            let source = FakeRouter(on: simulation.executor)
            source.set {
                $0.steps = [QueryEvent(.addingPeer)]
                $0.valuePause = .seconds(1)
            }
            var limits = CachingRouter.Limits()
            limits.searches = 2
            let router = CachingRouter(source, limits: limits, on: simulation.executor)
            let content = CID(codec: .raw, multihash: .sha256(of: [1]))
            let work: [@Sendable () async throws -> Void] = [
                { _ = try await router.closestPeers(to: [1], onStep: { _ in }) },
                { _ = try await router.value(of: [1]) },
                { _ = try await router.put([1], key: [1]) },
                { _ = try await router.provide(content) },
                { try await router.findProviders(of: content, limit: 1) { _ in } },
            ]
            for first in work.prefix(2) { _ = simulation.begin { try? await first() } }
            simulation.loop.advance(by: .milliseconds(10))
            #expect(router.statistics.underWay == 2)
            for one in work {
                #expect(throws: RoutingError(.busy, "")) { try simulation.perform { try await one() } }
            }
            #expect(router.statistics.refusals == 5)
            // To have something told later costs nothing now.
            try simulation.perform { try await router.beginProviding(content) }
            simulation.loop.advance(by: .seconds(2))
            #expect(router.statistics.underWay == 0)
            for one in work { try simulation.perform { try await one() } }
            #expect(router.statistics.underWay == 0)
        }
    }
}
