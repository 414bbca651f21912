import LibP2PCore
import Logging
import NIOCore
import Synchronization

/// Has changes written some time after they were made: many at a time, and one batch after another.
///
/// The order of batches matters. A batch that could not be written is put back unless its rows changed since; if a newer
/// batch could be written meanwhile, nothing would tell that its rows did.
final class WriteBehind: Sendable {
    typealias Batch = [PendingWrites.Row: PendingWrites.Change]

    private struct State {
        var pending: PendingWrites
        var source: (@Sendable () -> Batch)?
        var isScheduled = false
        var isFlushingInBackground = false
        var isClosed = false
        var isTurnTaken = false
        var waiting = CircularBuffer<EventLoopPromise<Void>>()
    }

    private let interval: Duration
    private let executor: LoopExecutor
    private let logger: Logger
    private let write: @Sendable (Batch) async throws -> Void
    private let state: Mutex<State>

    /// - Parameters:
    ///   - interval: how long a change may wait.
    ///   - limit: rows that may wait.
    ///   - write: brings rows into the state they are to have, all or none of them.
    init(
        interval: Duration, limit: Int, on executor: LoopExecutor, logger: Logger,
        write: @escaping @Sendable (Batch) async throws -> Void
    ) {
        self.interval = interval
        self.executor = executor
        self.logger = logger
        self.write = write
        state = Mutex(State(pending: PendingWrites(limit: limit)))
    }

    /// Changes that wait.
    var pendingCount: Int { state.withLock { $0.pending.changes.count } }

    /// Changes that were given up because too many waited.
    var droppedCount: Int { state.withLock { $0.pending.dropped } }

    /// Takes changes from `source` too, whenever it is time to write.
    func follow(_ source: @escaping @Sendable () -> Batch) {
        state.withLock { $0.source = source }
        schedule()
    }

    /// Notes a change. Returns at once.
    func set(_ change: PendingWrites.Change, for row: PendingWrites.Row) {
        let isCrowded = state.withLock { state in
            state.pending.set(change, for: row)
            return state.pending.isCrowded
        }
        if isCrowded { flushInBackground() } else { schedule() }
    }

    /// Writes all changes now, and returns when they are written.
    ///
    /// - Throws: ``StorageError`` with code ``StorageError/Code/failed``; the changes wait for the next flush.
    func flush() async throws {
        try await inTurn {
            guard !state.withLock({ $0.isClosed }) else { return }
            try await writePending()
        }
    }

    /// Writes all changes, and then `finish`es without anything being written beside it. Changes that come later are
    /// lost; closing again only waits for the end.
    func close(_ finish: () async throws -> Void) async throws {
        let wasClosed = state.withLock { state in
            defer { state.isClosed = true }
            return state.isClosed
        }
        try await inTurn {
            guard !wasClosed else { return }
            try await writePending()
            try await finish()
        }
    }

    private func writePending() async throws {
        let batch = state.withLock { state in
            for (row, change) in state.source?() ?? [:] { state.pending.set(change, for: row) }
            return state.pending.take()
        }
        guard !batch.isEmpty else { return }
        do {
            try await write(batch)
        } catch {
            state.withLock { $0.pending.putBack(batch) }
            throw StorageError(.failed, "\(batch.count) changes can't be written to the database", cause: error)
        }
    }

    // MARK: Time

    private func schedule() {
        let isNeeded = state.withLock { state in
            guard !state.isScheduled, !state.isClosed else { return false }
            state.isScheduled = true
            return true
        }
        guard isNeeded else { return }
        executor.schedule(after: interval) { [weak self] in
            self?.state.withLock { $0.isScheduled = false }
            self?.flushInBackground()
        }
    }

    private func flushInBackground() {
        let isFirst = state.withLock { state in
            guard !state.isFlushingInBackground, !state.isClosed else { return false }
            state.isFlushingInBackground = true
            return true
        }
        guard isFirst else { return }
        executor.spawn {
            do {
                try await self.flush()
            } catch {
                self.logger.error("changes wait for the next flush", metadata: ["error": "\(error)"])
            }
            let isMoreExpected = self.state.withLock { state in
                state.isFlushingInBackground = false
                return !state.pending.isEmpty || state.source != nil
            }
            if isMoreExpected { self.schedule() }
        }
    }

    // MARK: Turns

    private func inTurn(_ body: () async throws -> Void) async throws {
        await takeTurn()
        defer { passTurn() }
        try await body()
    }

    private func takeTurn() async {
        let turn = executor.loop.makePromise(of: Void.self)
        let isFree = state.withLock { state in
            guard state.isTurnTaken else {
                state.isTurnTaken = true
                return true
            }
            state.waiting.append(turn)
            return false
        }
        if isFree { turn.succeed() }
        try? await turn.futureResult.get()
    }

    private func passTurn() {
        let next = state.withLock { state in
            state.isTurnTaken = !state.waiting.isEmpty
            return state.waiting.popFirst()
        }
        next?.succeed()
    }
}
