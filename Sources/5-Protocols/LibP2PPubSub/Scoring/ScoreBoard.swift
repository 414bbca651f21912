import LibP2PIdentity
import Multiformats
import NIOCore

/// The scores of all peers, and of those that left with a bad one.
struct ScoreBoard {
    private struct Entry {
        var score = PeerScore()
        var address: IPAddress?
        /// When a peer that has left is forgotten.
        var end: NIODeadline?
    }

    let configuration: ScoreConfiguration
    private let limit: Int
    private var entries: [PeerID: Entry] = [:]
    private var crowds: [IPAddress: Int] = [:]
    private var departed = 0

    /// - Parameter limit: peers that are remembered after they left.
    init(_ configuration: ScoreConfiguration, limit: Int) {
        self.configuration = configuration
        self.limit = limit
    }

    var count: Int { entries.count }

    /// A peer is here from now on; what is remembered of it counts.
    ///
    /// - Parameter address: where it comes from, if that is known.
    mutating func add(_ peer: PeerID, address: IPAddress?) {
        let address = configuration.sharedPlace(of: address)
        remove(peer, at: .distantPast, remembers: true)
        if entries[peer]?.end != nil { departed -= 1 }
        entries[peer, default: Entry()].end = nil
        entries[peer]?.address = address
        if let address { crowds[address, default: 0] += 1 }
    }

    /// A peer has gone. It is remembered if there is something to hold against it.
    mutating func remove(_ peer: PeerID, at now: NIODeadline) { remove(peer, at: now, remembers: false) }

    private mutating func remove(_ peer: PeerID, at now: NIODeadline, remembers: Bool) {
        guard let entry = entries[peer], entry.end == nil else { return }
        if let address = entry.address, let crowd = crowds[address] {
            crowds[address] = crowd > 1 ? crowd - 1 : nil
        }
        entries[peer]?.address = nil
        entries[peer]?.score.leaveAllMeshes()
        guard !remembers else { return }
        let value = entries[peer]?.score.value(configuration, neighbours: 1, at: now) ?? 0
        if value < 0, departed < limit {
            entries[peer]?.end = now + TimeAmount(configuration.retention)
            departed += 1
        } else {
            entries[peer] = nil
        }
    }

    /// A peer's score; 0 for one that is not known.
    func value(of peer: PeerID, at now: NIODeadline) -> Double {
        guard let entry = entries[peer] else { return 0 }
        return entry.score.value(configuration, neighbours: entry.address.flatMap { crowds[$0] } ?? 1, at: now)
    }

    /// Notes what a peer did.
    mutating func note(_ peer: PeerID, _ change: (inout PeerScore) -> Void) {
        guard let index = entries.index(forKey: peer) else { return }
        change(&entries.values[index].score)
    }

    /// Lets all counters fade by one heartbeat, and forgets those whose time has come.
    mutating func decay(at now: NIODeadline) {
        var forgotten = 0
        entries.updateValues { [configuration] entry in
            if let end = entry.end, end <= now { forgotten += 1 }
            entry.score.decay(configuration)
        }
        guard forgotten > 0 else { return }
        departed -= forgotten
        entries = entries.filter { entry in entry.value.end.map { $0 > now } ?? true }
    }
}
