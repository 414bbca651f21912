import DequeModule
import LibP2PIdentity
import NIOCore

/// How many requests were granted within the last minute, in all and to each peer. Holds no more than the limit's entries.
struct RequestWindow {
    let total: Int
    let perPeer: Int
    let span: TimeAmount

    private var granted: Deque<(time: NIODeadline, peer: PeerID)> = []

    init(total: Int, perPeer: Int, span: TimeAmount = .minutes(1)) {
        self.total = total
        self.perPeer = perPeer
        self.span = span
    }

    /// Grants a request, or refuses it; a refused one does not count.
    mutating func admit(_ peer: PeerID, at now: NIODeadline) -> Bool {
        while let oldest = granted.first, now - oldest.time >= span { granted.removeFirst() }
        guard granted.count < total, granted.count(where: { $0.peer == peer }) < perPeer else { return false }
        granted.append((now, peer))
        return true
    }
}
