import DequeModule
import LibP2PIdentity
import NIOCore

/// The messages of the last heartbeats, ready to be sent again: what gossip is about, and what answers it.
struct MessageCache {
    private struct Entry {
        let topic: String
        let frame: ByteBuffer
        /// How often a peer asked for it.
        var requests: [PeerID: Int] = [:]
    }

    private var entries: [MessageID: Entry] = [:]
    /// The ids of each heartbeat, the newest first.
    private var windows: Deque<[MessageID]>
    private let gossipWindows: Int
    private let limit: Int
    private(set) var byteCount = 0

    /// - Parameters:
    ///   - length: heartbeats that a message is kept.
    ///   - gossip: heartbeats that it is gossiped about.
    ///   - limit: bytes of all frames; when it is reached the oldest messages give way.
    init(length: Int, gossip: Int, limit: Int) {
        windows = Deque(repeating: [], count: max(1, length))
        gossipWindows = gossip
        self.limit = limit
    }

    var count: Int { entries.count }

    /// Keeps a message that is sent in `frame`.
    mutating func insert(_ id: MessageID, topic: String, frame: ByteBuffer) {
        guard entries[id] == nil else { return }
        entries[id] = Entry(topic: topic, frame: frame)
        windows[0].append(id)
        byteCount += frame.readableBytes
        var oldest = windows.count - 1
        while byteCount > limit, oldest >= 0 {
            if windows[oldest].isEmpty {
                oldest -= 1
            } else {
                // From the front: the older half of a window goes at once, so that it is not moved up for each.
                let half = (windows[oldest].count + 1) / 2
                for id in windows[oldest].prefix(half) { forget(id) }
                windows[oldest].removeFirst(half)
            }
        }
    }

    /// The ids to gossip about, by topic, the newest first.
    func gossip() -> [String: [MessageID]] {
        var ids: [String: [MessageID]] = [:]
        for id in windows.prefix(gossipWindows).joined() {
            if let entry = entries[id] { ids[entry.topic, default: []].append(id) }
        }
        return ids
    }

    /// The frame of a message that a peer asks for.
    ///
    /// - Returns: nil when it is gone, or the peer has asked for it too often.
    mutating func frame(of id: MessageID, for peer: PeerID, atMost requests: Int) -> ByteBuffer? {
        guard let count = entries[id]?.requests[peer, default: 0], count < requests else { return nil }
        entries[id]?.requests[peer] = count + 1
        return entries[id]?.frame
    }

    /// Begins a new heartbeat, and forgets the messages of the oldest one.
    mutating func shift() {
        for id in windows.popLast() ?? [] { forget(id) }
        windows.prepend([])
    }

    private mutating func forget(_ id: MessageID) {
        byteCount -= entries.removeValue(forKey: id)?.frame.readableBytes ?? 0
    }
}
