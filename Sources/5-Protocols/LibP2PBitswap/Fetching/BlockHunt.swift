import LibP2PIdentity
import NIOCore

/// Whom to ask for one block, and for what: the rules of fetching, without I/O.
///
/// Several peers are asked first whether they have the block, so that it is sent once; then one of those who have it is
/// asked for it, and the next when that one takes too long. Peers of older versions can't be asked whether: they are
/// asked for the block when no one else is likely to have it. A peer that is the only one is asked for the block at once.
struct BlockHunt {
    /// What a peer is to be sent.
    enum Ask: Hashable {
        case have(PeerID)
        case block(PeerID)
        case cancel(PeerID)
    }

    private enum Standing {
        /// Not asked yet.
        case fresh
        /// Asked whether it has the block.
        case asked(NIODeadline)
        /// Asked, and silent for too long.
        case silent
        /// Says that it has the block.
        case has
        /// Asked for the block.
        case sought(NIODeadline)
        /// Asked for the block, and it takes too long.
        case slow
        /// It does not have the block, or can't be reached.
        case out
    }

    private struct Candidate {
        let peer: PeerID
        var standing = Standing.fresh
        var answersHave: Bool
    }

    /// How long a peer may take before another is asked beside it.
    private let patience: TimeAmount
    /// How many peers are asked at most.
    private let limit: Int
    /// In the order in which they came.
    private var candidates: [Candidate] = []
    private var places: [PeerID: Int] = [:]
    /// The peers that said that they have it, in this order.
    private var holders: [PeerID] = []

    init(patience: Duration, limit: Int) {
        self.patience = TimeAmount(patience)
        self.limit = limit
    }

    /// Whether all peers that were named have failed.
    var isHopeless: Bool { candidates.allSatisfy { if case .out = $0.standing { true } else { false } } }

    /// Whether a peer was named.
    func knows(_ peer: PeerID) -> Bool { places[peer] != nil }

    /// Whether more peers are of use.
    var isFull: Bool { candidates.count >= limit }

    /// Names a peer that may have the block.
    ///
    /// - Parameter answersHave: whether it is expected to speak version 1.2.
    mutating func add(_ peer: PeerID, answersHave: Bool) {
        guard places[peer] == nil, !isFull else { return }
        places[peer] = candidates.count
        candidates.append(Candidate(peer: peer, answersHave: answersHave))
    }

    /// A peer says that it has the block.
    mutating func noteHave(_ peer: PeerID) {
        change(peer) { candidate in
            switch candidate.standing {
            case .fresh, .asked, .silent, .out: candidate.standing = .has
            case .has, .sought, .slow: return
            }
        }
        if places[peer] != nil, !holders.contains(peer) { holders.append(peer) }
    }

    /// A peer does not have the block, or failed.
    mutating func noteAbsence(_ peer: PeerID) { change(peer) { $0.standing = .out } }

    /// A peer turned out to speak an older version: what it was asked, it can't answer.
    mutating func noteOldVersion(_ peer: PeerID) {
        change(peer) { candidate in
            candidate.answersHave = false
            switch candidate.standing {
            case .asked, .silent: candidate.standing = .fresh
            default: break
            }
        }
    }

    private mutating func change(_ peer: PeerID, _ body: (inout Candidate) -> Void) {
        if let place = places[peer] { body(&candidates[place]) }
    }

    /// Decides what is to be sent now.
    mutating func advance(at now: NIODeadline) -> [Ask] {
        endPatience(at: now)
        var asks: [Ask] = []
        let live = candidates.indices.filter { if case .out = candidates[$0].standing { false } else { true } }
        if live.count == 1, let only = live.first, case .fresh = candidates[only].standing {
            candidates[only].standing = .sought(now)
            return [.block(candidates[only].peer)]
        }
        for index in live where candidates[index].answersHave {
            guard case .fresh = candidates[index].standing else { continue }
            candidates[index].standing = .asked(now)
            asks.append(.have(candidates[index].peer))
        }
        if let next = nextToSeek() {
            candidates[next].standing = .sought(now)
            asks.append(.block(candidates[next].peer))
        }
        return asks
    }

    private mutating func endPatience(at now: NIODeadline) {
        for index in candidates.indices {
            switch candidates[index].standing {
            case .asked(let since) where now - since >= patience: candidates[index].standing = .silent
            case .sought(let since) where now - since >= patience: candidates[index].standing = .slow
            default: break
            }
        }
    }

    /// The next to be asked for the block; nil while one is asked already, or answers are awaited.
    private func nextToSeek() -> Int? {
        var mayHave: Int?
        var isAnswerAwaited = false
        for (index, candidate) in candidates.enumerated() {
            switch candidate.standing {
            case .sought: return nil
            case .asked: isAnswerAwaited = true
            case .fresh: mayHave = mayHave ?? index
            default: break
            }
        }
        for peer in holders {
            if let place = places[peer], case .has = candidates[place].standing { return place }
        }
        return isAnswerAwaited ? nil : mayHave
    }

    /// What those are to be sent that still have a want of it: the block came, or nobody waits for it any more.
    ///
    /// - Parameter sender: who sent the block; it knows.
    func cancellations(except sender: PeerID?) -> [Ask] {
        candidates.compactMap { candidate in
            guard candidate.peer != sender else { return nil }
            switch candidate.standing {
            case .asked, .silent, .sought, .slow: return .cancel(candidate.peer)
            case .fresh, .has, .out: return nil
            }
        }
    }

    /// Whether a peer was asked and has not answered.
    func awaits(_ peer: PeerID) -> Bool {
        guard let place = places[peer] else { return false }
        switch candidates[place].standing {
        case .asked, .silent, .sought, .slow: return true
        case .fresh, .has, .out: return false
        }
    }
}
