import Foundation
import LibP2PCore
import LibP2PTesting
import Logging
import Synchronization
import Testing

@testable import Certificates

@Suite("A certificate is obtained, kept and renewed")
struct CertificateKeeperTests {
    private let folder = TemporaryFolder()
    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// A keeper in a simulated world, and what is around it.
    private struct World {
        let simulation: Simulation
        let solver = RecordingSolver()
        let store = CertificateStore()
        let authority: FakeAuthority

        init(_ simulation: Simulation, validity: Duration = .seconds(90 * 86_400)) {
            self.simulation = simulation
            authority = FakeAuthority(solver: solver, clock: simulation.clock, validity: validity)
        }

        var served: Credentials? { store.credentials.first }
    }

    private func keeper(
        _ world: World, names: [String] = ["one.example"], fleet: CertificateFleet? = nil, folder: String? = nil,
        isReady: @escaping @Sendable () -> Bool = { true }
    ) throws -> CertificateKeeper {
        var configuration = CertificateKeeper.Configuration(
            names: names, directory: FakeAuthority.directory, folder: folder ?? self.folder.path, protocols: ["h2"])
        configuration.fleet = fleet
        return try CertificateKeeper(
            configuration, store: world.store, exchange: world.authority.exchange, solver: world.solver,
            isReady: isReady, on: world.simulation.executor, clock: world.simulation.clock,
            random: world.simulation.random, logger: quiet)
    }

    private func stop(_ keeper: CertificateKeeper, _ world: World) throws {
        try world.simulation.perform { await keeper.stop() }
    }

    @Test func itIsObtainedAtOnceAndRenewedWhenAThirdIsLeft() throws {
        try Simulation.run { simulation in
            let world = World(simulation)
            let keeper = try keeper(world, names: ["one.example", "two.example"])
            keeper.start()
            simulation.loop.advance(by: .seconds(10))
            let first = try #require(world.served)
            #expect(first.names == ["one.example", "two.example"])
            #expect(
                world.solver.deeds == [
                    "present one.example", "withdraw one.example", "present two.example", "withdraw two.example",
                ])
            simulation.loop.advance(by: .seconds(58 * 86_400))
            #expect(world.authority.issued == 1)
            // A twentieth of a third, one and a half days, is chance.
            simulation.loop.advance(by: .seconds(2 * 86_400 + 60))
            #expect(world.authority.issued == 2)
            #expect(world.served?.fingerprint != first.fingerprint)
            #expect(keeper.counts.obtained == 2)
            try stop(keeper, world)
        }
    }

    @Test func aRestartServesWhatWasKept() throws {
        try Simulation.run { simulation in
            let world = World(simulation)
            let keeper = try keeper(world)
            keeper.start()
            simulation.loop.advance(by: .seconds(10))
            try stop(keeper, world)
            let again = World(simulation)
            let second = try self.keeper(again)
            #expect(again.served?.fingerprint == world.served?.fingerprint)
            second.start()
            simulation.loop.advance(by: .seconds(3600))
            #expect(again.authority.issued == 0)
            try stop(second, again)
        }
    }

    @Test func aBrokenAuthorityLeavesTheOldOneServing() throws {
        try Simulation.run { simulation in
            let world = World(simulation)
            let keeper = try keeper(world)
            keeper.start()
            simulation.loop.advance(by: .seconds(10))
            let first = try #require(world.served)
            world.authority.fail("/order", times: .max >> 48)
            simulation.loop.advance(by: .seconds(62 * 86_400))
            #expect(world.served?.fingerprint == first.fingerprint)
            // Every six hours at the most, once it has failed often enough.
            #expect((10...40).contains(keeper.counts.failed))
            world.authority.recover()
            simulation.loop.advance(by: .seconds(9 * 3600))
            #expect(world.served?.fingerprint != first.fingerprint)
            try stop(keeper, world)
        }
    }

    @Test func aRefusedProofIsTriedAgainLater() throws {
        try Simulation.run { simulation in
            let world = World(simulation)
            world.solver.hide("one.example")
            let keeper = try keeper(world)
            keeper.start()
            simulation.loop.advance(by: .seconds(59))
            #expect(keeper.counts.failed == 1)
            #expect(world.solver.deeds == ["present one.example", "withdraw one.example"])
            world.solver.reveal()
            simulation.loop.advance(by: .seconds(60))
            #expect(keeper.counts.obtained == 1)
            try stop(keeper, world)
        }
    }

    @Test func anAuthorityIsLeftAloneForAsLongAsItAsks() throws {
        try Simulation.run { simulation in
            let world = World(simulation)
            let refusal = FakeAuthority.problem("rateLimited", status: 429, retryAfter: .seconds(7200))
            world.authority.fail("/order", with: refusal)
            let keeper = try keeper(world)
            keeper.start()
            simulation.loop.advance(by: .seconds(7190))
            #expect(keeper.counts == (0, 1))
            simulation.loop.advance(by: .seconds(20))
            #expect(keeper.counts == (1, 1))
            try stop(keeper, world)
        }
    }

    @Test func refusedNoncesAreReplaced() throws {
        try Simulation.run { simulation in
            let world = World(simulation)
            world.authority.refuseNonces(3)
            let keeper = try keeper(world)
            keeper.start()
            simulation.loop.advance(by: .seconds(10))
            #expect(keeper.counts == (1, 0))
            // One that never takes any is not asked for ever.
            try stop(keeper, world)
            world.authority.refuseNonces(.max)
            let other = TemporaryFolder()
            let second = try self.keeper(world, names: ["two.example"], folder: other.path)
            second.start()
            simulation.loop.advance(by: .seconds(10))
            #expect(second.counts == (0, 1))
            #expect(world.authority.requests.count < 40)
            try stop(second, world)
        }
    }

    @Test func theAuthoritySaysWhenToRenew() throws {
        try Simulation.run { simulation in
            let world = World(simulation)
            let start = simulation.clock.now
            world.authority.suggest(start + .seconds(40 * 86_400), start + .seconds(41 * 86_400))
            let keeper = try keeper(world)
            keeper.start()
            simulation.loop.advance(by: .seconds(39 * 86_400))
            #expect(world.authority.issued == 1)
            // The certificate was revoked: as soon as that is known; the next one not at once, though it is the same with it.
            world.authority.suggest(start, start + .seconds(3600))
            simulation.loop.advance(by: .seconds(6 * 3600 + 60))
            #expect(world.authority.issued == 2)
            simulation.loop.advance(by: .seconds(12 * 3600))
            #expect(world.authority.issued == 2)
            simulation.loop.advance(by: .seconds(12 * 3600))
            #expect(world.authority.issued == 3)
            #expect(world.authority.replaced.first == .some(nil))
            #expect(world.authority.replaced.last??.hasPrefix("AQID.") == true)
            try stop(keeper, world)
        }
    }

    @Test func nobodyIsAskedBeforeTheNodeIsReady() throws {
        try Simulation.run { simulation in
            let world = World(simulation)
            let ready = Ready()
            let keeper = try keeper(world, isReady: { ready.value })
            keeper.start()
            simulation.loop.advance(by: .seconds(3600))
            #expect(world.authority.requests.isEmpty)
            ready.set()
            simulation.loop.advance(by: .seconds(40))
            #expect(keeper.counts == (1, 0))
            try stop(keeper, world)
        }
    }

    /// What an authority gives is looked at before it is served.
    @Test func anotherNamesCertificateIsNotServed() throws {
        try Simulation.run { simulation in
            let world = World(simulation)
            let keeper = try keeper(world)
            let other = try TestCertificate(names: ["evil.example"])
            world.authority.fail("/certificate", with: ACMEAnswer(status: 200, body: Array(other.chain.utf8)))
            keeper.start()
            simulation.loop.advance(by: .seconds(30))
            #expect(keeper.counts == (0, 1))
            #expect(world.served == nil)
            try stop(keeper, world)
        }
    }

    @Test func nodesOfAFleetTakeTurns() throws {
        try Simulation.run { simulation in
            let shared = MemoryFleetStore(clock: simulation.clock)
            let (one, two) = (World(simulation), World(simulation))
            let folders = (TemporaryFolder(), TemporaryFolder())
            let first = try keeper(one, fleet: CertificateFleet(shared, owner: "one"), folder: folders.0.path)
            let second = try keeper(two, fleet: CertificateFleet(shared, owner: "two"), folder: folders.1.path)
            first.start()
            second.start()
            simulation.loop.advance(by: .seconds(60))
            #expect(one.authority.issued + two.authority.issued == 1)
            #expect(one.served?.fingerprint == two.served?.fingerprint)
            #expect(one.served != nil)
            #expect(first.counts.failed + second.counts.failed == 0)
            simulation.loop.advance(by: .seconds(62 * 86_400))
            #expect(one.authority.issued + two.authority.issued == 2)
            #expect(one.served?.fingerprint == two.served?.fingerprint)
            try stop(first, one)
            try stop(second, two)
        }
    }

    /// One that died while it ordered holds the others up for the time of an order only.
    @Test func aLockRunsOut() throws {
        try Simulation.run { simulation in
            let shared = MemoryFleetStore(clock: simulation.clock)
            let world = World(simulation)
            let isLocked = try simulation.perform {
                try await shared.lock("order:one.example", by: "dead", for: CertificateFleet.orderLimit)
            }
            #expect(isLocked)
            let keeper = try keeper(world, fleet: CertificateFleet(shared, owner: "alive"))
            keeper.start()
            simulation.loop.advance(by: CertificateFleet.orderLimit - .seconds(20))
            #expect(keeper.counts == (0, 0))
            simulation.loop.advance(by: .seconds(60))
            #expect(keeper.counts == (1, 0))
            try stop(keeper, world)
        }
    }

    /// A flag that is set once.
    private final class Ready: Sendable {
        private let flag = Mutex(false)
        var value: Bool { flag.withLock { $0 } }
        func set() { flag.withLock { $0 = true } }
    }
}

/// What a fleet shares, in memory.
final class MemoryFleetStore: FleetStore {
    private let values = Mutex<[String: (text: String, until: Timestamp)]>([:])
    private let clock: WallClock

    init(clock: WallClock) { self.clock = clock }

    func read(_ name: String) async throws -> String? {
        values.withLock { $0[name].flatMap { $0.until > clock.now ? $0.text : nil } }
    }

    func write(_ text: String, to name: String, for time: Duration) async throws {
        values.withLock { $0[name] = (text, clock.now + time) }
    }

    func remove(_ name: String) async throws { values.withLock { $0[name] = nil } }

    func lock(_ name: String, by owner: String, for time: Duration) async throws -> Bool {
        values.withLock { values in
            if let holder = values[name], holder.until > clock.now { return holder.text == owner }
            values[name] = (owner, clock.now + time)
            return true
        }
    }

    func unlock(_ name: String, by owner: String) async throws {
        values.withLock { if $0[name]?.text == owner { $0[name] = nil } }
    }
}
