import Multiformats

/// What one peer wants of this node: a bounded wantlist, the most urgent entries first.
struct ServingQueue {
    /// Entries that wait to be looked up.
    private let limit: Int
    /// Entries that are remembered because the block was not there.
    private let parkingLimit: Int

    private var wants: [Multihash: (want: Want, turn: UInt64)] = [:]
    /// Sorted, the most urgent last; holds the hashes of `wants` and perhaps some that are gone.
    private var order: [Multihash] = []
    private var isSorted = true
    private var parked: [Multihash: Want] = [:]
    private var nextTurn: UInt64 = 0

    init(limit: Int, parkingLimit: Int) {
        self.limit = limit
        self.parkingLimit = parkingLimit
    }

    /// Whether nothing waits to be looked up.
    var isEmpty: Bool { wants.isEmpty }
    /// Entries that wait to be looked up.
    var count: Int { wants.count }
    /// Entries whose block was not there.
    var parkedCount: Int { parked.count }

    /// Takes a wantlist, or changes of it.
    ///
    /// - Returns: how many entries were dropped because there are too many.
    mutating func apply(_ changes: [Want], isFull: Bool) -> Int {
        if isFull {
            wants = [:]
            order = []
            parked = [:]
        }
        var dropped = 0
        for want in changes {
            let hash = want.cid.multihash
            parked[hash] = nil
            if want.isCancel {
                wants[hash] = nil
            } else if wants[hash] != nil || wants.count < limit {
                insert(want)
            } else {
                dropped += 1
            }
        }
        compact()
        return dropped
    }

    private mutating func insert(_ want: Want) {
        let hash = want.cid.multihash
        if wants[hash] == nil { order.append(hash) }
        wants[hash] = (want, nextTurn)
        nextTurn += 1
        isSorted = false
    }

    /// Cancelled entries stay in the order until they are many.
    private mutating func compact() {
        guard order.count > 2 * limit else { return }
        var seen: Set<Multihash> = []
        order = order.filter { wants[$0] != nil && seen.insert($0).inserted }
    }

    /// Takes the most urgent entry out.
    mutating func next() -> Want? {
        sort()
        while let hash = order.popLast() {
            if let (want, _) = wants.removeValue(forKey: hash) { return want }
        }
        return nil
    }

    private mutating func sort() {
        guard !isSorted else { return }
        isSorted = true
        let ranked = wants.map { (hash: $0.key, priority: $0.value.want.priority, turn: $0.value.turn) }
        order = ranked.sorted { ($0.priority, $1.turn) < ($1.priority, $0.turn) }.map(\.hash)
    }

    /// Remembers an entry whose block is not there, as far as there is room.
    mutating func park(_ want: Want) {
        guard parked.count < parkingLimit else { return }
        parked[want.cid.multihash] = want
    }

    /// A block has come: an entry that was parked for it is in the queue again.
    ///
    /// - Returns: whether there was one.
    mutating func blockArrived(_ hash: Multihash) -> Bool {
        guard let want = parked.removeValue(forKey: hash) else { return false }
        if wants.count < limit { insert(want) }
        return true
    }
}
