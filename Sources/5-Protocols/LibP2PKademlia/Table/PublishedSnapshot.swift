import Synchronization

/// Where the owner of a routing table publishes its snapshots and every event loop reads them.
///
/// The hot path takes no lock: a reader keeps the last snapshot it saw and compares one atomic number. Only after a
/// change it takes the lock once to fetch the new one.
public final class PublishedSnapshot: Sendable {
    private let version = Atomic<UInt64>(0)
    private let current = Mutex<RoutingSnapshot>(.empty)

    /// Holds an empty snapshot.
    public init() {}

    /// Replaces the snapshot.
    public func publish(_ snapshot: RoutingSnapshot) {
        current.withLock {
            $0 = snapshot
            version.wrappingAdd(1, ordering: .releasing)
        }
    }

    /// The latest snapshot; takes the lock.
    public var latest: RoutingSnapshot { current.withLock { $0 } }

    /// One reader's view; keep it with the stream or the loop that reads.
    public struct Reader {
        private let source: PublishedSnapshot
        private var seen: UInt64
        private var snapshot: RoutingSnapshot

        /// Starts with the latest snapshot.
        public init(_ source: PublishedSnapshot) {
            self.source = source
            (seen, snapshot) = source.fetch()
        }

        /// The snapshot as of now.
        public mutating func read() -> RoutingSnapshot {
            if source.version.load(ordering: .acquiring) != seen { (seen, snapshot) = source.fetch() }
            return snapshot
        }
    }

    private func fetch() -> (UInt64, RoutingSnapshot) {
        current.withLock { (version.load(ordering: .relaxed), $0) }
    }
}
