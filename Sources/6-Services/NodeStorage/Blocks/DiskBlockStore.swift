public import LibP2PBitswap
public import LibP2PCore
public import Logging
public import Multiformats
import NIOCore
import NIOPosix
import Synchronization

/// The block cache of a delegate: `blocks/` in the data folder, bounded in bytes and age. When it is full the least
/// recently used blocks go.
///
/// It survives a restart and `kill -9`: the files alone say what is there. What is read is verified, so that a damaged file
/// is a missing block. The disk is used on threads of its own; whether a block is there is known without it.
public final class DiskBlockStore: BlockStore {
    /// The bounds of a store.
    public struct Limits: Sendable, Hashable {
        /// Bytes of all blocks together.
        public var bytes: Int
        /// How long a block is kept after it was stored last.
        public var age: Duration

        /// Sets bounds.
        public init(bytes: Int = 1 << 30, age: Duration = .seconds(48 * 3600)) {
            self.bytes = bytes
            self.age = age
        }
    }

    /// What a store holds.
    public struct Size: Sendable, Hashable {
        /// Blocks.
        public let blocks: Int
        /// Their bytes.
        public let bytes: Int
    }

    private struct State {
        var index: BlockIndex
        var nextNumber: UInt64 = 0
        var onRemoval: (@Sendable ([Multihash]) -> Void)?
        var sweep: Scheduled<Void>?
        var isClosed = false
    }

    /// How often it is looked for blocks that are too old.
    private static let sweepInterval = Duration.seconds(60)
    /// A block's file learns of its use no more often than this: the order needs no more, and a hot block costs nothing.
    private static let useInterval = Duration.seconds(60)

    private let folder: BlockFolder
    private let clock: WallClock
    private let executor: LoopExecutor
    private let logger: Logger
    private let state: Mutex<State>
    /// One thread for what changes the folder, so that writes, marks and removals of one block keep their order.
    private let writer = NIOThreadPool(numberOfThreads: 1)
    private let readers = NIOThreadPool(numberOfThreads: 2)

    /// Opens a store, and looks through its files.
    ///
    /// - Parameters:
    ///   - folder: is made if need be; its parent must exist.
    ///   - executor: whose clock times the search for blocks that are too old.
    /// - Throws: ``StorageError`` with code ``StorageError/Code/notWritable``.
    public init(
        folder: String, limits: Limits = Limits(), clock: WallClock = .system, on executor: LoopExecutor,
        logger: Logger = Logger(label: "waystation.blocks")
    ) throws(StorageError) {
        let files = try BlockFolder(folder)
        var index = BlockIndex(maxBytes: limits.bytes, maxAge: limits.age)
        for (hash, entry) in files.scan() {
            for (evicted, entry) in index.insert(hash, entry) { files.remove(evicted, entry) }
        }
        for (expired, entry) in index.takeExpired(at: clock.now) { files.remove(expired, entry) }
        self.folder = files
        self.clock = clock
        self.executor = executor
        self.logger = logger
        state = Mutex(State(index: index))
        writer.start()
        readers.start()
        scheduleSweep()
    }

    /// What it holds now.
    public var size: Size { state.withLock { Size(blocks: $0.index.count, bytes: $0.index.byteCount) } }

    /// The blocks of which the network was told that they are here, as of ``setProvided(_:_:)``.
    public var provided: [Multihash] { state.withLock { $0.index.providedHashes } }

    /// Calls a function with the hashes of provided blocks that went.
    public func onRemoval(_ body: @escaping @Sendable ([Multihash]) -> Void) { state.withLock { $0.onRemoval = body } }

    /// Writes what waits and ends. Blocks that come later are not kept.
    public func close() async {
        state.withLock { state in
            state.isClosed = true
            state.sweep?.cancel()
            state.sweep = nil
        }
        // One thread, one line: when this is done, so is all before it.
        try? await writer.runIfActive {}
        try? await writer.shutdownGracefully()
        try? await readers.shutdownGracefully()
    }

    // MARK: BlockStore

    /// See `BlockStore`.
    public func size(of cid: CID) async -> Int? { state.withLock { $0.index[cid.multihash]?.size } }

    /// See `BlockStore`.
    public func block(_ cid: CID) async -> Block? {
        let hash = cid.multihash
        let now = clock.now
        let entry = state.withLock { state -> (entry: BlockIndex.Entry, mustTell: Bool)? in
            guard let before = state.index[hash] else { return nil }
            state.index.touch(hash, at: now)
            return state.index[hash].map { ($0, now - before.usedAt >= Self.useInterval) }
        }
        guard let entry else { return nil }
        let folder = folder
        let block = try? await readers.runIfActive { () -> Block? in
            // The name may have just changed with what it says of the block.
            var other = entry.entry
            other.isProvided.toggle()
            guard let data = folder.data(of: hash, entry.entry) ?? folder.data(of: hash, other) else { return nil }
            return try? Block(cid: cid, verifying: data)
        }
        guard let block = block ?? nil else {
            await dropDamaged(hash, entry.entry)
            return nil
        }
        if entry.mustTell {
            change { folder in folder.setTimes(of: hash, entry.entry) }
        }
        return block
    }

    /// See `BlockStore`.
    public func keep(_ block: Block) async throws {
        let hash = block.cid.multihash
        let now = clock.now
        let number = try state.withLock { state throws(StorageError) in
            guard !state.isClosed else { throw StorageError(.failed, "the block store is closed") }
            state.nextNumber += 1
            return state.nextNumber
        }
        let isProvided = state.withLock { $0.index[hash]?.isProvided ?? false }
        let entry = BlockIndex.Entry(
            size: block.data.count, storedAt: now, usedAt: now, isProvided: isProvided)
        let folder = folder
        try await writer.runIfActive { try folder.write(block.data, hash, entry, number: number) }
        let evicted = state.withLock { state in
            var current = entry
            // Marked while it was being written.
            current.isProvided = state.index[hash]?.isProvided ?? isProvided
            return state.index.insert(hash, current)
        }
        remove(evicted)
    }

    // MARK: Marks and ends

    /// Writes down whether the network is told that a block is here, so that it is told again after a restart. When it is,
    /// the block's age begins anew.
    public func setProvided(_ cid: CID, _ isProvided: Bool) {
        let hash = cid.multihash
        let now = clock.now
        let changes = state.withLock { state -> (mark: Bool, entry: BlockIndex.Entry)? in
            guard let before = state.index[hash] else { return nil }
            if isProvided { state.index.renew(hash, at: now) }
            state.index.setProvided(hash, isProvided)
            return state.index[hash].map { (before.isProvided != isProvided, $0) }
        }
        guard let changes else { return }
        change { folder in
            if changes.mark { folder.setProvided(hash, isProvided) }
            if isProvided { folder.setTimes(of: hash, changes.entry) }
        }
    }

    /// Removes blocks that are too old. It happens by itself once a minute.
    public func removeExpired() {
        let now = clock.now
        remove(state.withLock { $0.index.takeExpired(at: now) })
    }

    private func dropDamaged(_ hash: Multihash, _ entry: BlockIndex.Entry) async {
        let wasThere = state.withLock { state in
            // It may have been written anew meanwhile.
            guard !state.isClosed, state.index[hash]?.storedAt == entry.storedAt else { return false }
            return state.index.remove(hash) != nil
        }
        guard wasThere else { return }
        logger.warning("a block's file was damaged or gone", metadata: ["hash": "\(hash)"])
        remove([(hash, entry)])
    }

    private func remove(_ entries: [(Multihash, BlockIndex.Entry)]) {
        guard !entries.isEmpty else { return }
        change { folder in
            for (hash, entry) in entries { folder.remove(hash, entry) }
        }
        let provided = entries.filter(\.1.isProvided).map(\.0)
        if !provided.isEmpty, let tell = state.withLock({ $0.onRemoval }) { tell(provided) }
    }

    /// Has something changed in the folder, behind all changes before.
    private func change(_ body: @escaping @Sendable (BlockFolder) -> Void) {
        let folder = folder
        writer.submit { state in
            if state == .active { body(folder) }
        }
    }

    private func scheduleSweep() {
        let sweep = executor.schedule(after: Self.sweepInterval) { [weak self] in
            self?.removeExpired()
            self?.scheduleSweep()
        }
        state.withLock { state in
            if state.isClosed { sweep.cancel() } else { state.sweep = sweep }
        }
    }
}
