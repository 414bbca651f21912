import LibP2PIdentity
import NIOCore

/// Until when peers stay out of meshes. It outlives their connections, and this node's leaving a topic.
struct BackoffTable {
    private var ends: [String: [PeerID: NIODeadline]] = [:]
    private(set) var count = 0
    private let limit: Int

    /// - Parameter limit: entries in all; beyond it new ones are not noted.
    init(limit: Int) { self.limit = limit }

    /// Keeps a peer out of a mesh until a time, or longer if that was said before.
    mutating func keepOut(_ topic: String, _ peer: PeerID, until end: NIODeadline) {
        if let known = ends[topic]?[peer] {
            ends[topic]?[peer] = max(known, end)
        } else if count < limit {
            ends[topic, default: [:]][peer] = end
            count += 1
        }
    }

    /// Until when a peer stays out.
    func end(_ topic: String, _ peer: PeerID) -> NIODeadline? { ends[topic]?[peer] }

    /// Forgets what is over.
    mutating func forget(endedBefore time: NIODeadline) {
        guard count > 0 else { return }
        ends = ends.compactMapValues { peers in
            let rest = peers.filter { $0.value >= time }
            return rest.isEmpty ? nil : rest
        }
        count = ends.values.reduce(0) { $0 + $1.count }
    }
}
