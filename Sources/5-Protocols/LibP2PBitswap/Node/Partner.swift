import Multiformats
import NIOCore
import OrderedCollections

/// A peer with which something is under way.
struct Partner {
    /// The stream to it; nil until something is to be sent.
    var lane: Lane?
    /// Whether a task sends to it.
    var isSending = false
    /// What is to be asked of it, or taken back, the latest word on each hash.
    var asks: OrderedDictionary<Multihash, Want> = [:]
    /// What it wants.
    var queue: ServingQueue
    /// Whether its answers wait for a place.
    var awaitsPlace = false
    /// When something was last said.
    var activeAt: NIODeadline

    init(queue: ServingQueue, at now: NIODeadline) {
        self.queue = queue
        activeAt = now
    }
}

/// A bounded memory of hashes; the oldest are forgotten.
struct RecentHashes {
    private let limit: Int
    private var hashes: Set<Multihash> = []
    private var order: [Multihash] = []
    private var next = 0

    init(limit: Int) { self.limit = limit }

    func contains(_ hash: Multihash) -> Bool { hashes.contains(hash) }

    mutating func insert(_ hash: Multihash) {
        guard hashes.insert(hash).inserted else { return }
        if order.count < limit {
            order.append(hash)
        } else {
            hashes.remove(order[next])
            order[next] = hash
            next = (next + 1) % limit
        }
    }
}
