import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Synchronization
import Testing

@testable import DelegatedRouting

@Suite("The own DHT and other delegates answer as one")
struct MergingRouterTests {
    private let simulation = Simulation(seed: 7)
    private let own: FakeRouter
    private let one: FakeRouter
    private let other: FakeRouter
    private let router: MergingRouter
    private let cid = CID(codec: .raw, multihash: .sha256(of: [1]))

    init() {
        own = FakeRouter(on: simulation.executor)
        one = FakeRouter(on: simulation.executor)
        other = FakeRouter(on: simulation.executor)
        router = MergingRouter(own: own, others: [one, other], on: simulation.executor)
    }

    private func peer(_ number: UInt8) throws -> PeerID {
        try PeerID(bytes: Multihash.sha256(of: [number]).bytes)
    }

    private func record(_ number: UInt8, _ addresses: [String] = ["/ip4/192.0.2.1/tcp/4001"]) throws -> RoutingRecord {
        RoutingRecord(id: try peer(number), addresses: addresses)
    }

    private func ask(limit: Int = 0) -> (search: Search, task: Task<Void, Never>) {
        let (search, router, cid) = (Search(), router, cid)
        let task = simulation.executor.spawn {
            do {
                try await router.findProviders(of: cid, limit: limit) { search.found($0) }
                search.end(nil)
            } catch {
                search.end(error)
            }
        }
        simulation.loop.runDue()
        return (search, task)
    }

    private func advance(_ seconds: Int64) { simulation.loop.advance(by: .seconds(seconds)) }

    @Test func eachPeerIsToldOnceAndAgainWithFurtherAddresses() throws {
        let same = try record(1, ["/ip4/192.0.2.1/tcp/1"])
        own.set { $0.providers = [same] }
        one.set { [record = try? record(1, ["/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.2/tcp/2"])] in
            $0.providers = [same] + [record].compactMap { $0 }
        }
        other.set { $0.providers = [same] }
        let search = ask().search
        advance(1)
        #expect(search.found == [same])
        advance(5)
        #expect(
            search.found.map(\.addresses) == [
                ["/ip4/192.0.2.1/tcp/1"], ["/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.2/tcp/2"],
            ])
        #expect(search.isOver)
        #expect(RecordList.newest(of: search.found).count == 1)
    }

    @Test func aSlowOrFailingSourceNeitherDelaysNorFailsOthers() throws {
        let records = try (0..<3).map { try record($0) }
        own.set { $0.providers = [records[0]] }
        one.set {
            $0.providers = [records[1]]
            $0.pause = .seconds(60)
        }
        other.set { $0.failure = RoutingError(.unavailable, "gone") }
        let search = ask().search
        advance(1)
        #expect(search.found == [records[0]] && !search.isOver)
        advance(60)
        #expect(search.found == [records[0], records[1]] && search.isOver && search.error == nil)
    }

    @Test func onlyWhenAllFailItIsAnError() throws {
        for router in [own, one, other] { router.set { $0.failure = RoutingError(.unavailable, "gone") } }
        #expect(ask().search.error?.code == .unavailable)
        other.set { $0.failure = nil }
        #expect(ask().search.error == nil)
        // Nor when one of them found something before it failed.
        let found = try record(1)
        other.set {
            $0.failure = RoutingError(.unavailable, "gone")
            $0.providers = [found]
        }
        let search = ask().search
        advance(2)
        #expect(search.isOver && search.error == nil && search.count == 1)
    }

    @Test func enoughIsEnoughOverAll() throws {
        let records = try (0..<9).map { try record($0) }
        own.set { $0.providers = Array(records[0..<3]) }
        one.set { $0.providers = Array(records[3..<6]) }
        other.set { $0.providers = Array(records[6..<9]) }
        let search = ask(limit: 4).search
        advance(2)
        #expect(search.count == 4 && search.isOver)
        #expect([own, one, other].map(\.now.cancelled).reduce(0, +) == 3)
    }

    @Test func aCancelledSearchEndsAll() throws {
        let found = try record(1)
        for router in [own, one, other] { router.set { $0.providers = [found] } }
        let (search, task) = ask()
        task.cancel()
        simulation.loop.runDue()
        #expect(search.isOver)
        #expect([own, one, other].allSatisfy { $0.now.cancelled == 1 })
    }

    @Test func addressesThatAreMissingAreLookedForInTheDHT() throws {
        let (bare, full, lost) = (try record(1, []), try record(1), try record(2, []))
        one.set { $0.providers = [bare, lost] }
        own.set { $0.peers = [full.id: [full]] }
        let search = ask().search
        advance(5)
        #expect(search.isOver)
        #expect(search.found == [full, lost])
    }

    @Test func whoIsNearIsAskedElsewhereOnlyWithoutAnOwnNetwork() throws {
        let (near, elsewhere) = (try record(1), try record(2))
        own.set { $0.closest = [near] }
        other.set { $0.closest = [elsewhere] }
        let router = router
        func closest() throws -> [RoutingRecord] {
            try simulation.perform { try await router.closestPeers(to: [1], onStep: { _ in }) }
        }
        #expect(try closest() == [near])
        #expect(other.now.searches == 0)
        own.set { $0.closest = [] }
        #expect(try closest() == [elsewhere])
    }

    // MARK: Values

    /// A value of the vectors by its label.
    private func value(_ label: String) throws -> [UInt8] {
        let records = try IPNSVectors.load().derived
        return try #require(records.first { $0.label?.contains(label) == true }?.record_hex).bytes
    }

    /// Asks for a value.
    ///
    /// - Returns: it, and the seconds that it took.
    private func ask(for key: [UInt8]) throws -> (value: [UInt8]?, seconds: Int64) {
        let (router, executor) = (router, simulation.executor)
        return try simulation.perform {
            let start = executor.now
            let value = try await router.value(of: key)
            return (value, (executor.now - start).nanoseconds / 1_000_000_000)
        }
    }

    @Test func nobodyWaitsForOtherServersWhenTheDHTHasAValue() throws {
        let key = Array("/ipns/x".utf8)
        #expect(try ask(for: key).value == nil)
        let (older, newer) = (try value("seq1"), try value("seq2"))
        own.set {
            $0.values[key] = newer
            $0.valuePause = .seconds(2)
        }
        one.set { $0.valuePause = .seconds(60) }
        other.set { $0.values[key] = older }
        let answer = try ask(for: key)
        #expect(answer.value == newer && answer.seconds == 2)
    }

    @Test func theDHTIsWaitedForALittleWhenAnotherServerHasAValue() throws {
        let key = Array("/ipns/x".utf8)
        let (older, newer) = (try value("seq1"), try value("seq2"))
        own.set { $0.valuePause = .seconds(60) }
        one.set {
            $0.values[key] = newer
            $0.valuePause = .seconds(2)
        }
        other.set { $0.values[key] = older }
        let answer = try ask(for: key)
        #expect(answer.value == newer && answer.seconds == 3)
    }

    @Test func aValueIsLookedForAsLongAsAnybodyMayHaveIt() throws {
        let (key, only) = (Array("/ipns/x".utf8), try value("seq1"))
        own.set { $0.failure = RoutingError(.unavailable, "gone") }
        one.set { $0.failure = RoutingError(.unavailable, "gone") }
        other.set {
            $0.values[key] = only
            $0.valuePause = .seconds(9)
        }
        #expect(try ask(for: key).value == only)
        other.set { $0.values = [:] }
        #expect(throws: RoutingError(.unavailable, "")) { try ask(for: key) }
    }

    @Test func theHigherSequenceIsBetter() throws {
        let (older, newer) = (try value("seq1"), try value("seq2"))
        #expect(MergingRouter.better(older, newer) == newer)
        #expect(MergingRouter.better(newer, older) == newer)
        #expect(MergingRouter.better(nil, older) == older)
        #expect(MergingRouter.better(older, nil) == older)
        #expect(MergingRouter.better(older, [1]) == older)
    }

    @Test func whatTheDHTRefusesIsRefused() throws {
        let (router, key) = (router, [UInt8](repeating: 1, count: 4))
        func put() throws -> [PeerID] { try simulation.perform { try await router.put([1], key: key) } }
        own.set { [peer = try? peer(3)] in $0.takers = [peer].compactMap { $0 } }
        #expect(try put() == [peer(3)])
        #expect(one.now.values[key] == [1] && other.now.values[key] == [1])
        own.set { $0.putFailure = RoutingError(.unavailable, "nobody") }
        #expect(try put().isEmpty)
        own.set { $0.putFailure = RoutingError(.outdatedRecord, "old") }
        #expect(throws: RoutingError(.outdatedRecord, "")) { try put() }
        own.set { $0.putFailure = RoutingError(.unavailable, "nobody") }
        for router in [one, other] { router.set { $0.putFailure = RoutingError(.busy, "later") } }
        #expect(throws: RoutingError(.unavailable, "")) { try put() }
    }

    @Test func onlyTheDHTIsToldOfProviders() throws {
        let (router, cid) = (router, cid)
        _ = try simulation.perform { try await router.provide(cid) }
        #expect(own.now.provided == [cid])
        #expect(one.now.provided.isEmpty && other.now.provided.isEmpty)
    }
}
