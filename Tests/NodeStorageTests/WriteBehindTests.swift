import LibP2PCore
import LibP2PKademlia
import LibP2PTesting
import Logging
import NIOCore
import Synchronization
import Testing

@testable import NodeStorage

/// A disk whose writes end when, and how, the test says.
private final class Disk: Sendable {
    private struct State {
        var rows: [PendingWrites.Row: PendingWrites.Change] = [:]
        var underWay: [EventLoopPromise<Void>] = []
    }

    struct Failure: Error {}

    private let state = Mutex(State())
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    /// Writes that have begun and not ended.
    var underWay: Int { state.withLock { $0.underWay.count } }

    func value(of row: PendingWrites.Row) -> [UInt8]? {
        guard case .value(let record)? = state.withLock({ $0.rows[row] }) else { return nil }
        return record.value
    }

    func write(_ batch: WriteBehind.Batch) async throws {
        let end = loop.makePromise(of: Void.self)
        state.withLock { $0.underWay.append(end) }
        try await end.futureResult.get()
        state.withLock { $0.rows.merge(batch) { _, new in new } }
    }

    /// Ends the newest write under way.
    func endNewest() { state.withLock { $0.underWay.popLast() }?.succeed() }

    /// Ends the oldest write under way.
    func end(failing: Bool = false) {
        let oldest = state.withLock { $0.underWay.isEmpty ? nil : $0.underWay.removeFirst() }
        if failing { oldest?.fail(Failure()) } else { oldest?.succeed() }
    }
}

@Suite struct WriteBehindTests {
    private let row = PendingWrites.Row.value(dht: "/lab", key: [1])

    private func change(_ value: UInt8) -> PendingWrites.Change {
        .value(ValueRecord(key: [1], value: [value], received: Timestamp(seconds: 1_700_000_000)))
    }

    private func run(_ body: (Simulation, Disk, WriteBehind) throws -> Void) throws {
        try Simulation.run { simulation in
            let disk = Disk(simulation.loop)
            let writes = WriteBehind(
                interval: .seconds(2), limit: 10, on: simulation.executor,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, write: disk.write)
            try body(simulation, disk, writes)
        }
    }

    @Test func aFlushBesideAFailingOneIsNotUndoneByIt() throws {
        try run { simulation, disk, writes in
            writes.set(change(1), for: row)
            simulation.loop.advance(by: .seconds(2))
            #expect(disk.underWay == 1)
            writes.set(change(2), for: row)
            let flush = simulation.begin { try await writes.flush() }
            simulation.loop.runDue()
            // Were both under way, the newer one could end well before the older one fails.
            if disk.underWay == 2 { disk.endNewest() }
            simulation.loop.runDue()
            disk.end(failing: true)
            simulation.loop.runDue()
            disk.end()
            simulation.loop.runDue()
            try flush.get()
            #expect(disk.value(of: row) == [2])
            simulation.loop.advance(by: .seconds(10))
            disk.end()
            simulation.loop.runDue()
            #expect(disk.value(of: row) == [2])
        }
    }

    @Test func whatCouldNotBeWrittenIsWrittenAtTheNextInterval() throws {
        try run { simulation, disk, writes in
            writes.set(change(1), for: row)
            simulation.loop.advance(by: .seconds(2))
            disk.end(failing: true)
            simulation.loop.advance(by: .seconds(1))
            #expect(disk.underWay == 0)
            #expect(writes.pendingCount == 1)
            simulation.loop.advance(by: .seconds(1))
            disk.end()
            simulation.loop.runDue()
            #expect(disk.value(of: row) == [1])
            #expect(writes.pendingCount == 0)
        }
    }

    @Test func closingWaitsForTheWriteBeforeItAndLetsNothingFollow() throws {
        try run { simulation, disk, writes in
            writes.set(change(1), for: row)
            simulation.loop.advance(by: .seconds(2))
            writes.set(change(2), for: row)
            let isFinished = Mutex(false)
            let close = simulation.begin { try await writes.close { isFinished.withLock { $0 = true } } }
            simulation.loop.runDue()
            #expect(disk.underWay == 1)
            disk.end()
            simulation.loop.runDue()
            #expect(disk.value(of: row) == [1])
            #expect(!isFinished.withLock { $0 })
            disk.end()
            simulation.loop.runDue()
            try close.get()
            #expect(isFinished.withLock { $0 })
            #expect(disk.value(of: row) == [2])
            writes.set(change(3), for: row)
            try simulation.perform { try await writes.flush() }
            simulation.loop.advance(by: .seconds(10))
            #expect(disk.underWay == 0)
        }
    }

    @Test func aFollowedSourceIsAskedEveryInterval() throws {
        try run { simulation, disk, writes in
            let asked = Mutex(0)
            writes.follow {
                asked.withLock { $0 += 1 }
                return [:]
            }
            simulation.loop.advance(by: .seconds(7))
            #expect(asked.withLock { $0 } == 3)
        }
    }
}
