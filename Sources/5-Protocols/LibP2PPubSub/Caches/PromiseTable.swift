import LibP2PIdentity
import NIOCore

/// Messages that peers said they have, and were asked for. One in each request is watched: a peer that gossips about what
/// it never sends breaks its promise.
struct PromiseTable {
    private var deadlines: [MessageID: [PeerID: NIODeadline]] = [:]
    private let limit: Int

    /// - Parameter limit: messages that are watched at a time; beyond it requests go unwatched.
    init(limit: Int) { self.limit = limit }

    var count: Int { deadlines.count }

    /// Watches a message that a peer was asked for.
    mutating func expect(_ id: MessageID, from peer: PeerID, by deadline: NIODeadline) {
        guard deadlines[id] != nil || deadlines.count < limit else { return }
        if deadlines[id]?[peer] == nil { deadlines[id, default: [:]][peer] = deadline }
    }

    /// The message has come, from whomever.
    mutating func keep(_ id: MessageID) { deadlines[id] = nil }

    /// Takes out the promises that were broken.
    ///
    /// - Returns: how many each peer broke.
    mutating func takeBroken(at now: NIODeadline) -> [PeerID: Int] {
        var broken: [PeerID: Int] = [:]
        deadlines = deadlines.compactMapValues { peers in
            let rest = peers.filter { peer, deadline in
                if deadline <= now { broken[peer, default: 0] += 1 }
                return deadline > now
            }
            return rest.isEmpty ? nil : rest
        }
        return broken
    }
}
