import GRDB
public import LibP2PBasics
public import LibP2PCore
public import LibP2PHost
import LibP2PIdentity
public import LibP2PKademlia
public import Logging
import NIOCore
import Synchronization

/// What of a node survives a restart, beside its key: the records and routing tables of its DHTs, its peer store, and the
/// registrations of its rendezvous server.
///
/// One SQLite database, `waystation.sqlite`, in the data folder. The network's path never waits for it: changes are
/// gathered by row and written by one transaction each ``flushInterval``. What was written is there after `kill -9`.
public final class NodeStorage: Sendable {
    /// How long a change may wait until it is written.
    public let flushInterval: Duration

    /// Rows that may wait to be written; beyond it changes are given up and counted in ``droppedChanges``.
    private static let pendingLimit = 200_000

    private struct State {
        var pending = PendingWrites(limit: NodeStorage.pendingLimit)
        var isFlushScheduled = false
        var isFlushing = false
        var isClosed = false
        var peers: MemoryPeerStore?
    }

    private let lock: FolderLock
    private let pool: DatabasePool
    private let executor: LoopExecutor
    private let logger: Logger
    private let state = Mutex(State())

    /// Claims a data folder, which is made if need be, and opens its database.
    ///
    /// Older databases are migrated. One that can't be read is renamed within the folder with a warning.
    ///
    /// - Parameters:
    ///   - executor: whose clock times the flushes.
    ///   - flushInterval: at most 5 s are promised to operators.
    /// - Throws: ``StorageError``: `.inUse`, `.notWritable`, `.tooNew`.
    public init(
        folder: String, on executor: LoopExecutor, flushInterval: Duration = .seconds(2),
        logger: Logger = Logger(label: "waystation.storage")
    ) throws(StorageError) {
        lock = try FolderLock(folder: folder)
        pool = try Self.openDatabase(in: folder, logger: logger)
        self.executor = executor
        self.flushInterval = flushInterval
        self.logger = logger
    }

    /// Changes that were given up because the disk did not keep up.
    public var droppedChanges: Int { state.withLock { $0.pending.dropped } }

    /// The journal of one DHT.
    public func journal(for protocolID: ProtocolID) -> any RecordJournal {
        ProtocolJournal(dht: protocolID.name, storage: self)
    }

    /// The journal of the rendezvous server.
    public var registrations: any RegistrationJournal { StoredRegistrations(storage: self) }

    /// Fills a peer store with what was kept, and keeps it from now on.
    ///
    /// - Throws: ``StorageError`` with code ``StorageError/Code/failed``.
    public func keep(_ peers: MemoryPeerStore) async throws {
        do {
            peers.restore(try await pool.read { try $0.knownPeers() })
        } catch {
            throw StorageError(.failed, "the known peers can't be read", cause: error)
        }
        state.withLock { $0.peers = peers }
        scheduleFlush()
    }

    /// Writes all changes now, and returns when they are written.
    ///
    /// - Throws: ``StorageError`` with code ``StorageError/Code/failed``; the changes wait for the next flush.
    public func flush() async throws {
        let changes = state.withLock { state in
            for (peer, known) in state.peers?.takeChanges() ?? [:] {
                state.pending.set(known.map { .peer($0) } ?? .removal, for: .peer(peer))
            }
            return state.pending.take()
        }
        guard !changes.isEmpty else { return }
        do {
            try await pool.write { try $0.apply(changes) }
        } catch {
            state.withLock { $0.pending.putBack(changes) }
            throw StorageError(.failed, "\(changes.count) changes can't be written to the database", cause: error)
        }
    }

    /// Writes all changes and gives the folder free. Changes that come later are lost.
    public func close() async {
        let wasClosed = state.withLock { state in
            defer { state.isClosed = true }
            return state.isClosed
        }
        guard !wasClosed else { return }
        do {
            try await flush()
            // Leaves one file behind that can be copied as it is.
            _ = try await pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
            try pool.close()
        } catch {
            logger.error("the database could not be closed in order", metadata: ["error": "\(error)"])
        }
        lock.release()
    }

    /// Notes a change. Returns at once.
    func set(_ change: PendingWrites.Change, for row: PendingWrites.Row) {
        let isCrowded = state.withLock { state in
            state.pending.set(change, for: row)
            return state.pending.isCrowded
        }
        if isCrowded { flushInBackground() } else { scheduleFlush() }
    }

    /// The records of one DHT, with the changes that wait left aside.
    func contents(of dht: String) async throws -> JournalContents {
        do {
            return try await pool.read { try $0.contents(of: dht) }
        } catch {
            throw StorageError(.failed, "the records of \(dht) can't be read", cause: error)
        }
    }

    /// The registrations, with the changes that wait left aside.
    func storedRegistrations() async throws -> [Registration] {
        do {
            return try await pool.read { try $0.registrations() }
        } catch {
            throw StorageError(.failed, "the rendezvous registrations can't be read", cause: error)
        }
    }

    private func scheduleFlush() {
        let isNeeded = state.withLock { state in
            defer { state.isFlushScheduled = true }
            return !state.isFlushScheduled && !state.isClosed
        }
        guard isNeeded else { return }
        executor.schedule(after: flushInterval) { [weak self] in
            self?.state.withLock { $0.isFlushScheduled = false }
            self?.flushInBackground()
        }
    }

    private func flushInBackground() {
        let mayFlush = state.withLock { state in
            guard !state.isFlushing, !state.isClosed else { return false }
            state.isFlushing = true
            return true
        }
        guard mayFlush else { return }
        executor.spawn {
            do {
                try await self.flush()
            } catch {
                self.logger.error("changes wait for the next flush", metadata: ["error": "\(error)"])
            }
            let isMoreExpected = self.state.withLock { state in
                state.isFlushing = false
                return !state.pending.isEmpty || state.peers != nil
            }
            if isMoreExpected { self.scheduleFlush() }
        }
    }
}
