import DequeModule
import NIOCore

/// The ids of messages that were seen of late, so that each is handled once. When it is full the oldest gives way.
struct SeenCache {
    private var ids: Set<MessageID> = []
    private var order: Deque<(id: MessageID, time: NIODeadline)> = []
    let lifetime: TimeAmount
    let limit: Int

    init(lifetime: TimeAmount, limit: Int) {
        self.lifetime = lifetime
        self.limit = limit
    }

    var count: Int { ids.count }

    func contains(_ id: MessageID) -> Bool { ids.contains(id) }

    /// Notes an id; one that is known keeps its age.
    ///
    /// - Returns: false when it is known.
    mutating func insert(_ id: MessageID, at now: NIODeadline) -> Bool {
        guard ids.insert(id).inserted else { return false }
        order.append((id, now))
        if order.count > limit { ids.remove(order.removeFirst().id) }
        return true
    }

    /// Forgets what is too old.
    mutating func expire(at now: NIODeadline) {
        while let oldest = order.first, now - oldest.time >= lifetime {
            order.removeFirst()
            ids.remove(oldest.id)
        }
    }
}
