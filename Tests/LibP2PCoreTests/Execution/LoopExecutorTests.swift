import LibP2PCore
import LibP2PTesting
import NIOCore
import NIOPosix
import Synchronization
import Testing

@Suite("Tasks of a loop")
struct LoopExecutorTests {
    /// Each turn of the one takes as long as answers to some dozens of requests; there are many.
    @Test func whoIsBusyLetsTheLoopGoOn() async throws {
        let executor = LoopExecutor(MultiThreadedEventLoopGroup.singleton.next())
        let (isBusy, turns) = (Flag(), 200)
        let busy = executor.spawnResult {
            for turn in 0..<turns {
                Self.work()
                if turn == 1 { isBusy.set() }
                if isBusy.wasSeen { return turn }
                await Task.yield()
            }
            return turns
        }
        // From another thread: it can run only between two rounds of the loop.
        while !isBusy.isSet { await Task.yield() }
        executor.loop.execute { isBusy.see() }
        #expect(try await busy.value < turns)
    }

    /// The loop's socket is looked at although there is work all the time: in one long drain, or in short ones each of which
    /// sets off the next.
    @Test(arguments: [false, true])
    func whoIsBusyLetsTheSocketsHaveTheirTurn(inShortDrains: Bool) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let executor = LoopExecutor(group.next())
        let (isBusy, turns) = (Flag(), 1000)
        let server = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                isBusy.see()
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let address = try #require(server.localAddress)
        let busy = executor.spawnResult {
            for turn in 0..<turns {
                Self.work()
                if turn == 1 { isBusy.set() }
                if isBusy.wasSeen { return turn }
                guard inShortDrains else {
                    await Task.yield()
                    continue
                }
                await withCheckedContinuation { waiting in executor.flushSoon(Resumption { waiting.resume() }) }
            }
            return turns
        }
        while !isBusy.isSet { await Task.yield() }
        let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(to: address).get()
        #expect(try await busy.value < turns)
        try await client.close()
        try await server.close()
        try await group.shutdownGracefully()
    }

    /// However many work for one owner, another one's only task has every other turn.
    @Test func ownersHaveATurnEach() async throws {
        let executor = LoopExecutor(MultiThreadedEventLoopGroup.singleton.next())
        let (many, one, rounds) = (Owner(), Owner(), 20)
        let turns = Mutex<[Bool]>([])
        let work = { @Sendable (owner: Owner) in
            for _ in 0..<rounds {
                await executor.giveWay(for: owner)
                turns.withLock { $0.append(owner === one) }
            }
        }
        let tasks = try await executor.loop.submit {
            (0..<51).map { number in executor.spawn { await work(number == 0 ? one : many) } }
        }.get()
        for task in tasks { await task.value }
        let all = turns.withLock { $0 }
        #expect(all.count == 51 * rounds)
        // Those who begin have their first turn in the order of their coming.
        let last = try #require(all.lastIndex(of: true))
        #expect(last <= 2 * rounds + 2)
    }

    /// However much there is to do, those who gave way are not forgotten.
    @Test func whoGivesWayComesInTheEnd() async throws {
        let executor = LoopExecutor(MultiThreadedEventLoopGroup.singleton.next())
        let (owner, isOver) = (Owner(), Flag())
        let others = (0..<4).map { _ in
            executor.spawnResult {
                for round in 0..<1000 {
                    if isOver.isSet { return round }
                    Self.work()
                    await Task.yield()
                }
                return 1000
            }
        }
        await executor.spawn {
            for _ in 0..<3 { await executor.giveWay(for: owner) }
            isOver.set()
        }.value
        for other in others { #expect(try await other.value < 1000) }
    }

    /// Jobs that nobody gives way to go before those that do.
    @Test func whoGivesWayWaitsForAllOthers() throws {
        let owner = Owner()
        let order = Mutex<[Int]>([])
        try Simulation.run { simulation in
            let executor = simulation.executor
            let works = (0...3).map { number in
                simulation.begin {
                    if number == 0 { await executor.giveWay(for: owner) }
                    for _ in 0..<number { await Task.yield() }
                    order.withLock { $0.append(number) }
                }
            }
            simulation.loop.runDue()
            for work in works { try work.get() }
        }
        #expect(order.withLock { $0 } == [1, 2, 3, 0])
    }

    /// Keeps the loop for a millisecond.
    private static func work() {
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .milliseconds(1) {}
    }

    /// Goes on when the drain is over, like one who waits for his bytes to be written.
    private final class Resumption: LoopFlushing {
        private let resume: () -> Void
        init(_ resume: @escaping () -> Void) { self.resume = resume }
        func flushNow() { resume() }
    }

    private final class Owner: Sendable {}

    private final class Flag: Sendable {
        private let state = Mutex((isSet: false, wasSeen: false))
        var isSet: Bool { state.withLock { $0.isSet } }
        var wasSeen: Bool { state.withLock { $0.wasSeen } }
        func set() { state.withLock { $0.isSet = true } }
        func see() { state.withLock { $0.wasSeen = true } }
    }
}
