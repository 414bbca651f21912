import LibP2PCore

/// What a node tells the DHT of its own accord, and when each of it was told last. A value without I/O.
struct AnnouncementBook: Sendable {
    private var told: [Announcement.Reference: Timestamp?] = [:]
    private var counts: [Announcement.Kind: Int] = [:]

    /// How many there are of a kind.
    func count(_ kind: Announcement.Kind) -> Int { counts[kind, default: 0] }

    func contains(_ reference: Announcement.Reference) -> Bool { told[reference] != nil }

    /// The keys of a kind.
    func keys(_ kind: Announcement.Kind) -> [[UInt8]] {
        told.keys.lazy.filter { $0.kind == kind }.map(\.key)
    }

    /// Takes one in, or notes when it was told.
    mutating func set(_ announcement: Announcement) {
        if told.updateValue(announcement.told, forKey: announcement.reference) == nil {
            counts[announcement.reference.kind, default: 0] += 1
        }
    }

    /// Takes one out.
    ///
    /// - Returns: whether it was there.
    mutating func remove(_ reference: Announcement.Reference) -> Bool {
        guard told.removeValue(forKey: reference) != nil else { return false }
        counts[reference.kind, default: 0] -= 1
        return true
    }

    /// Those that are to be told by now: the ones that never were first, then those told longest ago.
    func due(at now: Timestamp, every interval: Duration) -> [Announcement.Reference] {
        // The key decides between equals, so that a simulation repeats itself.
        told.filter { $0.value.map { now - $0 >= interval } ?? true }
            .sorted { left, right in
                let (one, other) = (left.value?.nanoseconds ?? .min, right.value?.nanoseconds ?? .min)
                return one == other ? left.key.key.lexicographicallyPrecedes(right.key.key) : one < other
            }
            .map(\.key)
    }
}
