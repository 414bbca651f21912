import LibP2PCore
import LibP2PTesting
import NIOCore
import Synchronization
import Testing

struct SimulatedLoopTests {
    /// What happened, in its order.
    final class Diary: Sendable {
        private let entries = Mutex<[String]>([])
        var all: [String] { entries.withLock { $0 } }
        func note(_ entry: String) { entries.withLock { $0.append(entry) } }
    }

    @Test
    func timersRunInTheOrderOfTheirDeadlinesAndWorkAtOnceInItsOwn() {
        let loop = SimulatedLoop()
        let diary = Diary()
        loop.scheduleTask(in: .seconds(2)) { diary.note("two") }
        loop.scheduleTask(in: .seconds(1)) { diary.note("one") }
        loop.scheduleTask(in: .seconds(1)) { diary.note("one again") }
        loop.execute { diary.note("now") }
        loop.execute { diary.note("then") }
        #expect(diary.all.isEmpty)
        loop.runDue()
        #expect(diary.all == ["now", "then"])
        loop.advance(by: .milliseconds(999))
        #expect(diary.all == ["now", "then"])
        loop.advance(by: .milliseconds(1))
        #expect(diary.all == ["now", "then", "one", "one again"])
        #expect(loop.runUntilIdle())
        #expect(diary.all.last == "two")
        #expect(loop.now == SimulatedLoop.start + .seconds(2))
    }

    @Test
    func aCancelledTimerNeverRunsAndDoesNotKeepTheLoopBusy() {
        let loop = SimulatedLoop()
        let timer = loop.scheduleTask(in: .hours(2)) { Issue.record("A cancelled timer ran.") }
        timer.cancel()
        #expect(loop.runUntilIdle())
        #expect(loop.now == SimulatedLoop.start)
    }

    @Test
    func aRepeatingTimerEndsAtTheLimit() {
        let loop = SimulatedLoop()
        let diary = Diary()
        let repeated = loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            diary.note("tick")
        }
        #expect(!loop.runUntilIdle(atMost: .seconds(10)))
        #expect(diary.all.count == 10)
        repeated.cancel()
        loop.shutDown()
    }

    @Test
    func runStopsAsSoonAsTheConditionHolds() {
        let loop = SimulatedLoop()
        let diary = Diary()
        for second in 1...5 { loop.scheduleTask(in: .seconds(Int64(second))) { diary.note("\(second)") } }
        #expect(loop.run(until: { diary.all.count == 3 }))
        #expect(loop.now == SimulatedLoop.start + .seconds(3))
        #expect(!loop.run(until: { diary.all.count == 6 }, atMost: .seconds(1)))
        #expect(diary.all.count == 4)
        #expect(loop.runUntilIdle())
    }

    @Test
    func shuttingDownFailsTimers() throws {
        let loop = SimulatedLoop()
        let timer = loop.scheduleTask(in: .seconds(1)) {}
        let failure = Diary()
        timer.futureResult.whenFailure { failure.note("\($0)") }
        loop.shutDown()
        #expect(failure.all.count == 1)
        loop.scheduleTask(in: .seconds(1)) {}.futureResult.whenFailure { failure.note("\($0)") }
        #expect(failure.all.count == 2)
    }

    @Test
    func tasksRunOnTheDrivingThreadAndSleepInSimulatedTime() throws {
        try Simulation.run { simulation in
            let executor = simulation.executor
            let elapsed = try simulation.perform(atMost: .seconds(3600 * 25)) {
                #expect(executor.isCurrent)
                let start = executor.now
                try await executor.sleep(for: .seconds(3600 * 24))
                #expect(executor.isCurrent)
                return executor.now - start
            }
            #expect(elapsed == .hours(24))
            #expect(simulation.clock.now.seconds == 1_767_225_600 + 3600 * 24)
            #expect(simulation.loop.foreignCalls == 0)
        }
    }

    @Test
    func workThatDoesNotEndIsCancelledAtTheLimit() throws {
        Simulation.run { simulation in
            let executor = simulation.executor
            let error = #expect(throws: NetworkError.self) {
                try simulation.perform(atMost: .seconds(5)) { try await executor.sleep(for: .seconds(6)) }
            }
            #expect(error?.code == .timeout)
        }
    }

    @Test
    func groupsOfTasksStayOnTheLoop() throws {
        try Simulation.run { simulation in
            let executor = simulation.executor
            let order = try simulation.perform {
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in [3, 1, 2] {
                        group.addTask {
                            try await executor.sleep(for: .seconds(number))
                            return number
                        }
                    }
                    var order: [Int] = []
                    for try await number in group { order.append(number) }
                    return order
                }
            }
            #expect(order == [1, 2, 3])
            #expect(simulation.loop.foreignCalls == 0)
        }
    }
}
