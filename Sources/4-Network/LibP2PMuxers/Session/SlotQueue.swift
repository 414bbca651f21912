/// A queue of table places in which each stands at most once, with removal from the middle.
///
/// It is a doubly linked list laid into an array beside the stream table: queueing allocates nothing, and a stream that
/// goes away leaves no trace behind, so a peer that opens and resets streams can't make it grow.
struct SlotQueue: Sendable {
    private struct Link: Sendable {
        var previous: Int32 = SlotQueue.none
        var next: Int32 = SlotQueue.none
        var isQueued = false
    }

    private static let none: Int32 = -1
    private var links: [Link] = []
    private var head = SlotQueue.none
    private var tail = SlotQueue.none

    /// Whether no place waits.
    var isEmpty: Bool { head == Self.none }

    /// The place that waits longest.
    var first: Int? { isEmpty ? nil : Int(head) }

    /// Puts a place at the end, unless it is queued already.
    mutating func append(_ slot: Int) {
        if slot >= links.count {
            links.append(contentsOf: repeatElement(Link(), count: slot - links.count + 1))
        }
        guard !links[slot].isQueued else { return }
        let place = Int32(slot)
        links[slot] = Link(previous: tail, isQueued: true)
        if isEmpty { head = place } else { links[Int(tail)].next = place }
        tail = place
    }

    /// Takes a place out, wherever it stands.
    mutating func remove(_ slot: Int) {
        guard slot < links.count, links[slot].isQueued else { return }
        let link = links[slot]
        if link.previous == Self.none { head = link.next } else { links[Int(link.previous)].next = link.next }
        if link.next == Self.none { tail = link.previous } else { links[Int(link.next)].previous = link.previous }
        links[slot] = Link()
    }

    /// Moves the first place to the end: the round robin.
    mutating func rotate() {
        guard let slot = first, head != tail else { return }
        remove(slot)
        append(slot)
    }
}
