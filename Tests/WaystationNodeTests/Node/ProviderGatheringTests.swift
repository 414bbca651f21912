import DelegatedRouting
import LibP2PCore
import LibP2PIdentity
import LibP2PKademlia
import LibP2PTesting
import Multiformats
import Synchronization
import Testing

@testable import WaystationNode

struct ProviderGatheringTests {
    private func peer(_ number: Int) throws -> PeerID {
        try PeerID(bytes: Multihash.sha256(of: Array("\(number)".utf8)).bytes)
    }

    private func address(_ number: Int) throws -> Multiaddr { try Multiaddr("/ip4/192.0.2.1/tcp/\(number)") }

    private final class Told: Sendable {
        private let records = Mutex<[RoutingRecord]>([])
        var all: [RoutingRecord] { records.withLock { $0 } }
        func add(_ record: RoutingRecord) { records.withLock { $0.append(record) } }
    }

    @Test func tellsEachOnceAndFindsAddressesOfOthers() throws {
        try Simulation.run { simulation in
            let told = Told()
            let gathering = ProviderGathering(limit: 3) { told.add($0) }
            let (homeless, later) = (try peer(2), try peer(3))
            gathering.take(FoundPeer(id: try peer(1), addresses: [try address(1)]))
            gathering.take(FoundPeer(id: homeless, addresses: []))
            gathering.take(FoundPeer(id: later, addresses: []))
            gathering.take(FoundPeer(id: try peer(1), addresses: [try address(9)]))
            #expect(told.all.map(\.id) == [try peer(1)])
            // Another DHT knows it.
            gathering.take(FoundPeer(id: later, addresses: [try address(3)]))
            // Over the limit.
            gathering.take(FoundPeer(id: try peer(4), addresses: [try address(4)]))
            gathering.finish()
            let found = try address(2)
            let executor = simulation.executor
            try simulation.perform {
                await gathering.house(on: executor) { peer in
                    try? await executor.sleep(for: .seconds(1))
                    return peer == homeless ? [found] : []
                }
            }
            #expect(told.all.map(\.id) == [try peer(1), later, homeless])
            #expect(told.all.map(\.addresses) == [["/ip4/192.0.2.1/tcp/1"], ["/ip4/192.0.2.1/tcp/3"], ["\(found)"]])
        }
    }

    @Test func someAtATimeAndNoneForever() throws {
        try Simulation.run { simulation in
            let told = Told()
            let gathering = ProviderGathering(limit: 0) { told.add($0) }
            for number in 0..<100 { gathering.take(FoundPeer(id: try peer(number), addresses: [])) }
            gathering.finish()
            // Those for whom there is no place are told at once.
            #expect(told.all.count == 36)
            let counts = Mutex((now: 0, most: 0))
            let executor = simulation.executor
            let start = simulation.clock.now
            try simulation.perform(atMost: .seconds(600)) {
                await gathering.house(on: executor) { _ in
                    counts.withLock { counts in
                        counts.now += 1
                        counts.most = max(counts.most, counts.now)
                    }
                    try? await executor.sleep(for: .seconds(3600))
                    counts.withLock { $0.now -= 1 }
                    return []
                }
            }
            #expect(told.all.count == 100 && Set(told.all.map(\.id)).count == 100)
            #expect(counts.withLock { $0.most } == 8)
            #expect(simulation.clock.now - start == .seconds(80))
        }
    }

    @Test func whoIsLeftWhenTimeIsUpIsToldAsHeIs() throws {
        try Simulation.run { simulation in
            let told = Told()
            let gathering = ProviderGathering(limit: 0) { told.add($0) }
            for number in 0..<20 { gathering.take(FoundPeer(id: try peer(number), addresses: [])) }
            let executor = simulation.executor
            let work = simulation.begin {
                await gathering.house(on: executor) { _ in
                    try? await executor.sleep(for: .seconds(5))
                    return []
                }
            }
            simulation.loop.advance(by: .seconds(1))
            #expect(told.all.isEmpty)
            work.cancel()
            simulation.loop.advance(by: .seconds(1))
            #expect(Set(told.all.map(\.id)).count == 20 && told.all.count == 20)
        }
    }
}
