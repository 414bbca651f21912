/// Everybody who is joined, in the order in which they came, as the packets that announce them: pure rules.
///
/// A list of peers is a copy out of it, so that a receiver that takes its list slowly keeps no more than its list alive.
struct PeerBook {
    /// A list of peers.
    struct Page {
        /// One `ws-peer` event for each.
        var packets = PacketBatch()
        /// Who they are, in the same order.
        var serials: [UInt64] = []
    }

    /// Entries of those who left stay until there are many: then the book is copied without them. So many are always
    /// borne.
    private static let bearableGaps = 64

    private var log = PacketBatch()
    private var serials: [UInt64] = []
    private var isPresent: [Bool] = []
    private var gaps = 0
    private var latest: UInt64 = 0

    /// How many are joined.
    var count: Int { serials.count - gaps }

    /// How many entries there are, with those of peers that left.
    var length: Int { serials.count }

    /// Enters a newcomer.
    ///
    /// - Parameter announcement: one packet.
    /// - Returns: a number that is larger than all before, and never 0.
    mutating func append(_ announcement: PacketBatch) -> UInt64 {
        latest += 1
        log.append(0..<1, of: announcement)
        serials.append(latest)
        isPresent.append(true)
        return latest
    }

    /// Takes somebody out. Does nothing when it is not there.
    mutating func remove(_ serial: UInt64) {
        guard serial > 0 else { return }
        let index = index(after: serial - 1)
        guard index < serials.count, serials[index] == serial, isPresent[index] else { return }
        isPresent[index] = false
        gaps += 1
        if gaps > Self.bearableGaps + count / 2 { compact() }
    }

    /// The newest peers without one of them, the newest first.
    func newest(_ limit: Int, without serial: UInt64) -> Page {
        var page = page(of: limit)
        for index in serials.indices.reversed() where isPresent[index] && serials[index] != serial {
            guard page.serials.count < limit else { break }
            page.packets.append(index..<index + 1, of: log)
            page.serials.append(serials[index])
        }
        return page
    }

    /// The peers who came after one, in their order, and from the first one on again after the last. Nobody twice.
    func page(after serial: UInt64, limit: Int) -> Page {
        var page = page(of: limit)
        let start = index(after: serial)
        append(start..<serials.count, to: &page, limit: limit)
        append(0..<start, to: &page, limit: limit)
        return page
    }

    private func page(of limit: Int) -> Page {
        var page = Page()
        let share = min(limit, count)
        page.serials.reserveCapacity(share)
        page.packets.reserve(packets: share, bytes: log.byteCount / max(1, log.count) * share)
        return page
    }

    /// Appends those who are present, as many at once as stand together.
    private func append(_ range: Range<Int>, to page: inout Page, limit: Int) {
        var index = range.lowerBound
        while index < range.upperBound, page.serials.count < limit {
            guard isPresent[index] else {
                index += 1
                continue
            }
            let start = index
            while index < range.upperBound, isPresent[index], page.serials.count < limit {
                page.serials.append(serials[index])
                index += 1
            }
            page.packets.append(start..<index, of: log)
        }
    }

    /// The first entry that came after a serial.
    private func index(after serial: UInt64) -> Int {
        var low = 0
        var high = serials.count
        while low < high {
            let middle = (low + high) / 2
            if serials[middle] <= serial { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func compact() {
        let all = page(after: 0, limit: .max)
        log = all.packets
        serials = all.serials
        isPresent = Array(repeating: true, count: serials.count)
        gaps = 0
    }
}
