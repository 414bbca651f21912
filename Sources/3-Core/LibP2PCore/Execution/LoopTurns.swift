import DequeModule

/// Those who have given way on a loop, in the order of their turns: the owners in whose names they wait follow one another,
/// however many wait in each one's name.
struct LoopTurns {
    private var lines: [ObjectIdentifier: Deque<CheckedContinuation<Void, Never>>] = [:]
    private var owners: Deque<ObjectIdentifier> = []

    var isEmpty: Bool { owners.isEmpty }

    mutating func append(_ waiting: CheckedContinuation<Void, Never>, for owner: ObjectIdentifier) {
        if lines[owner] == nil { owners.append(owner) }
        lines[owner, default: []].append(waiting)
    }

    /// Takes out whose turn it is.
    mutating func next() -> CheckedContinuation<Void, Never>? {
        guard let owner = owners.popFirst(), let first = lines[owner]?.popFirst() else { return nil }
        if lines[owner]?.isEmpty == true { lines[owner] = nil } else { owners.append(owner) }
        return first
    }
}
