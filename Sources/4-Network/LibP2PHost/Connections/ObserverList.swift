import LibP2PCore
import Synchronization

/// Who is told what happens; held weakly.
final class ObserverList: Sendable {
    private struct Entry: Sendable {
        weak let observer: (any NetworkObserver)?
    }

    private let entries = Mutex<[Entry]>([])

    func add(_ observer: any NetworkObserver) {
        entries.withLock { entries in
            entries.removeAll { $0.observer == nil }
            entries.append(Entry(observer: observer))
        }
    }

    /// Calls `body` for each, outside the lock.
    func notify(_ body: (any NetworkObserver) -> Void) {
        for entry in entries.withLock({ $0 }) {
            if let observer = entry.observer { body(observer) }
        }
    }
}
