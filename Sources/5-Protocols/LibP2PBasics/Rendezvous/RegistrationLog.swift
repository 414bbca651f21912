import DequeModule

/// The registrations of one namespace, or of all, in the order of their sequence numbers.
///
/// What was replaced or removed stays as a dead slot, known by its number, and is passed over; the log is swept when dead
/// slots outnumber live ones, so each operation is O(1) on average and a page is found in O(log n).
struct RegistrationLog {
    struct Slot {
        let sequence: UInt64
        let key: Registration.Key
    }

    private var slots: Deque<Slot> = []
    private(set) var liveCount = 0

    /// Slots, dead ones included.
    var slotCount: Int { slots.count }

    /// Below so many slots sweeping is not worth its while.
    private static let sweepFloor = 32

    /// Adds a slot with a number above all others.
    mutating func append(_ slot: Slot) {
        slots.append(slot)
        liveCount += 1
    }

    /// Notes that a slot is dead from now on. The caller tells which ones are live.
    mutating func strike(isLive: (Slot) -> Bool) {
        liveCount -= 1
        if slots.count > Self.sweepFloor, slots.count > 2 * liveCount { slots.removeAll { !isLive($0) } }
    }

    /// The slots with numbers above `sequence`, dead ones included.
    func slots(after sequence: UInt64) -> some Sequence<Slot> {
        var low = slots.startIndex
        var high = slots.endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if slots[middle].sequence <= sequence { low = middle + 1 } else { high = middle }
        }
        return slots[low...]
    }
}
