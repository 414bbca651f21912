import DequeModule
import LibP2PCore

/// Who brought which item of a bounded store, and in what order.
///
/// A full store must let something go, and the choice is what an attacker aims at: giving up the oldest lets anyone
/// flush everything. Here the origin (a block of addresses) that holds most gives up its oldest item, so a flood
/// displaces itself. Items that were replaced or removed stay in the queues as dead slots and are skipped; the queues
/// are swept when dead slots outnumber live ones, so each operation is O(1) on average.
struct OriginLedger<Item: Sendable>: Sendable {
    /// Names one entry; a store keeps it beside its item.
    struct Receipt: Sendable, Hashable {
        fileprivate let origin: AddressGroup?
        fileprivate let number: UInt64
    }

    private struct Slot {
        let item: Item
        let number: UInt64
        let time: Timestamp
    }

    private struct Queue {
        var slots: Deque<Slot> = []
        var live = 0
    }

    private var queues: [AddressGroup?: Queue] = [:]
    private var originsBySize: [Int: Set<AddressGroup?>] = [:]
    private var largest = 0
    private var nextNumber: UInt64 = 0

    /// Enters an item.
    mutating func enter(_ item: Item, origin: AddressGroup?, at time: Timestamp) -> Receipt {
        let number = nextNumber
        nextNumber += 1
        queues[origin, default: Queue()].slots.append(Slot(item: item, number: number, time: time))
        resize(origin, by: 1)
        return Receipt(origin: origin, number: number)
    }

    /// Notes that an item is gone or replaced.
    mutating func strike(_ receipt: Receipt) {
        resize(receipt.origin, by: -1)
    }

    /// Removes and returns the oldest item of the origin that has most. The caller tells which entries are live.
    mutating func takeFromLargest(isLive: (Item, Receipt) -> Bool) -> Item? {
        guard let origin = originsBySize[largest]?.first else { return nil }
        while let slot = queues[origin]?.slots.popFirst() {
            if isLive(slot.item, Receipt(origin: origin, number: slot.number)) {
                resize(origin, by: -1)
                return slot.item
            }
        }
        return nil
    }

    /// Removes and returns the items entered before a moment.
    mutating func takeEntered(before moment: Timestamp, isLive: (Item, Receipt) -> Bool) -> [Item] {
        var taken: [Item] = []
        for origin in Array(queues.keys) {
            while let slot = queues[origin]?.slots.first, slot.time < moment {
                queues[origin]?.slots.removeFirst()
                guard isLive(slot.item, Receipt(origin: origin, number: slot.number)) else { continue }
                taken.append(slot.item)
                resize(origin, by: -1)
            }
        }
        return taken
    }

    /// Drops the dead slots of an origin when they are most of its queue.
    mutating func sweep(_ receipt: Receipt, isLive: (Item, Receipt) -> Bool) {
        let origin = receipt.origin
        guard let queue = queues[origin], queue.slots.count > 2 * queue.live + 64 else { return }
        queues[origin]?.slots.removeAll { !isLive($0.item, Receipt(origin: origin, number: $0.number)) }
    }

    private mutating func resize(_ origin: AddressGroup?, by change: Int) {
        guard let old = queues[origin]?.live else { return }
        let new = old + change
        originsBySize[old]?.remove(origin)
        if originsBySize[old]?.isEmpty == true { originsBySize[old] = nil }
        if new > 0 {
            queues[origin]?.live = new
            originsBySize[new, default: []].insert(origin)
        } else {
            queues[origin] = nil
        }
        if new > largest { largest = new }
        while largest > 0, originsBySize[largest] == nil { largest -= 1 }
    }
}
