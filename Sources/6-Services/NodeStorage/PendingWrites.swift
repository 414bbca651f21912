import LibP2PBasics
import LibP2PHost
import LibP2PIdentity
import LibP2PKademlia

/// What is to be written next: for each row its last state. A value without I/O.
///
/// Coalescing by row is the back-pressure: however often a row changes between two flushes, it is written once. The
/// number of rows is bounded; what comes beyond it is counted and given up, so that a disk that has stopped can't take
/// the process down with it.
struct PendingWrites: Sendable {
    /// A row of the database.
    enum Row: Hashable, Sendable {
        case provider(dht: String, key: [UInt8], peer: PeerID)
        case value(dht: String, key: [UInt8])
        case announcement(dht: String, Announcement.Reference)
        case routing(dht: String)
        case peer(PeerID)
        case registration(Registration.Key)
    }

    /// What becomes of it.
    enum Change: Sendable {
        case provider(ProviderRecord)
        case value(ValueRecord)
        case announcement(Announcement)
        case routing([RoutingPeer])
        case peer(KnownPeer)
        case registration(Registration)
        case removal
    }

    private(set) var changes: [Row: Change] = [:]
    /// Changes given up because there were too many.
    private(set) var dropped = 0
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var isEmpty: Bool { changes.isEmpty }

    /// Whether it is time to write without waiting for the next interval.
    var isCrowded: Bool { changes.count >= limit / 2 }

    mutating func set(_ change: Change, for row: Row) {
        guard changes.count < limit || changes[row] != nil else {
            dropped += 1
            return
        }
        changes[row] = change
    }

    /// Hands the changes out for writing.
    mutating func take() -> [Row: Change] {
        defer { changes = [:] }
        return changes
    }

    /// Takes changes back whose writing failed; what came since then is newer.
    mutating func putBack(_ failed: [Row: Change]) {
        for (row, change) in failed where changes[row] == nil { set(change, for: row) }
    }
}
