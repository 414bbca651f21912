import DequeModule
import LibP2PCore
import Multiformats

/// Which blocks are kept, how large they are, and which go first. A value without I/O.
struct BlockIndex: Sendable {
    struct Entry: Sendable, Equatable {
        var size: Int
        /// When it was stored, or stored again.
        var storedAt: Timestamp
        /// When it was last asked for.
        var usedAt: Timestamp
        /// Whether the network was told that it is here.
        var isProvided = false
    }

    private let maxBytes: Int
    private let maxAge: Duration
    private var entries: [Multihash: (entry: Entry, turn: UInt64)] = [:]
    /// The order of use, the least recent first. Each use adds to its end; what stands before is void.
    private var order: Deque<(hash: Multihash, turn: UInt64)> = []
    private var nextTurn: UInt64 = 0
    /// Bytes of all blocks.
    private(set) var byteCount = 0

    /// - Parameters:
    ///   - maxBytes: of all blocks together.
    ///   - maxAge: since a block was stored.
    init(maxBytes: Int, maxAge: Duration) {
        self.maxBytes = maxBytes
        self.maxAge = maxAge
    }

    var count: Int { entries.count }
    var hashes: [Multihash] { Array(entries.keys) }
    var providedHashes: [Multihash] { entries.filter { $0.value.entry.isProvided }.map(\.key) }

    subscript(hash: Multihash) -> Entry? { entries[hash]?.entry }

    /// Adds a block, as the most recently used.
    ///
    /// - Returns: those that have to go for it, with what is known of them; the block itself when it is over the limit.
    mutating func insert(_ hash: Multihash, _ entry: Entry) -> [(Multihash, Entry)] {
        _ = remove(hash)
        entries[hash] = (entry, nextTurn)
        byteCount += entry.size
        line(up: hash)
        var evicted: [(Multihash, Entry)] = []
        while byteCount > maxBytes, let (oldest, turn) = order.popFirst() {
            guard entries[oldest]?.turn == turn, let entry = remove(oldest) else { continue }
            evicted.append((oldest, entry))
        }
        return evicted
    }

    /// Notes that a block was asked for.
    mutating func touch(_ hash: Multihash, at now: Timestamp) {
        guard entries[hash] != nil else { return }
        entries[hash]?.entry.usedAt = now
        line(up: hash)
    }

    /// Notes that somebody wants a block to be kept from now on.
    mutating func renew(_ hash: Multihash, at now: Timestamp) {
        entries[hash]?.entry.storedAt = now
        touch(hash, at: now)
    }

    mutating func setProvided(_ hash: Multihash, _ isProvided: Bool) {
        entries[hash]?.entry.isProvided = isProvided
    }

    @discardableResult
    mutating func remove(_ hash: Multihash) -> Entry? {
        guard let (entry, _) = entries.removeValue(forKey: hash) else { return nil }
        byteCount -= entry.size
        return entry
    }

    /// Takes out those that are too old.
    mutating func takeExpired(at now: Timestamp) -> [(Multihash, Entry)] {
        let expired = entries.filter { now - $0.value.entry.storedAt >= maxAge }.map { ($0.key, $0.value.entry) }
        for (hash, _) in expired { remove(hash) }
        return expired
    }

    private mutating func line(up hash: Multihash) {
        entries[hash]?.turn = nextTurn
        order.append((hash, nextTurn))
        nextTurn += 1
        guard order.count > 2 * entries.count + 64 else { return }
        order = Deque(order.filter { entries[$0.hash]?.turn == $0.turn })
    }
}
