import GRDB
public import LibP2PBasics
public import LibP2PCore
public import LibP2PHost
import LibP2PIdentity
public import LibP2PKademlia
public import Logging

/// What of a node survives a restart, beside its key: the records, announcements and routing tables of its DHTs, its peer
/// store, and the registrations of its rendezvous server.
///
/// One SQLite database, `waystation.sqlite`, in the data folder. The network's path never waits for it: changes are
/// gathered by row and written by one transaction each ``flushInterval``. What was written is there after `kill -9`.
public final class NodeStorage: Sendable {
    /// How long a change may wait until it is written.
    public let flushInterval: Duration

    /// Changes that may wait to be written by default: some 100 MB of large records.
    public static let defaultPendingLimit = 200_000

    private let lock: FolderLock
    private let pool: DatabasePool
    private let logger: Logger
    private let writes: WriteBehind

    /// Claims a data folder, which is made if need be, and opens its database.
    ///
    /// Older databases are migrated. One that can't be read is renamed within the folder with a warning.
    ///
    /// - Parameters:
    ///   - executor: whose clock times the flushes.
    ///   - flushInterval: at most 5 s are promised to operators.
    ///   - pendingLimit: changes that may wait to be written; beyond it they are given up and counted in
    ///     ``droppedChanges``.
    /// - Throws: ``StorageError``: `.inUse`, `.notWritable`, `.tooNew`.
    public init(
        folder: String, on executor: LoopExecutor, flushInterval: Duration = .seconds(2),
        pendingLimit: Int = NodeStorage.defaultPendingLimit, logger: Logger = Logger(label: "waystation.storage")
    ) throws(StorageError) {
        lock = try FolderLock(folder: folder)
        let pool = try Self.openDatabase(in: folder, logger: logger)
        self.pool = pool
        self.flushInterval = flushInterval
        self.logger = logger
        writes = WriteBehind(interval: flushInterval, limit: pendingLimit, on: executor, logger: logger) { batch in
            try await pool.write { try $0.apply(batch) }
        }
    }

    /// Changes that were given up because the disk did not keep up.
    public var droppedChanges: Int { writes.droppedCount }

    /// Changes that wait to be written.
    public var pendingChanges: Int { writes.pendingCount }

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
        writes.follow {
            var batch: WriteBehind.Batch = [:]
            for (peer, known) in peers.takeChanges() { batch[.peer(peer)] = known.map { .peer($0) } ?? .removal }
            return batch
        }
    }

    /// Writes all changes now, and returns when they are written.
    ///
    /// - Throws: ``StorageError`` with code ``StorageError/Code/failed``; the changes wait for the next flush.
    public func flush() async throws { try await writes.flush() }

    /// Writes all changes and gives the folder free. Changes that come later are lost.
    public func close() async {
        do {
            try await writes.close {
                // Leaves one file behind that can be copied as it is.
                _ = try await pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
                try pool.close()
            }
        } catch {
            logger.error("the database could not be closed in order", metadata: ["error": "\(error)"])
        }
        lock.release()
    }

    /// Notes a change. Returns at once.
    func set(_ change: PendingWrites.Change, for row: PendingWrites.Row) { writes.set(change, for: row) }

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
}
