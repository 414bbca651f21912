import NIOCore

/// What the router knows of a peer that is here.
struct RouterPeer {
    let kind: PubSubProtocol
    /// Whether this node dialled it.
    let isOutbound: Bool
    /// Grows with each peer: lots are drawn from lists in this order, so that a simulation repeats itself.
    let ordinal: UInt64
    /// What the peer is subscribed to.
    var topics: Set<String> = []
    /// What it has done since the last heartbeat.
    var advertisements = 0
    var advertisedIDs = 0
    var messages = 0
    var unwantedIDs = 0
    /// Messages that it needs no more, with the heartbeat in which it said so.
    var unwanted: [MessageID: UInt64] = [:]

    init(kind: PubSubProtocol, isOutbound: Bool, ordinal: UInt64) {
        self.kind = kind
        self.isOutbound = isOutbound
        self.ordinal = ordinal
    }

    mutating func beginHeartbeat(_ tick: UInt64, unwantedLifetime: Int) {
        advertisements = 0
        advertisedIDs = 0
        messages = 0
        unwantedIDs = 0
        if !unwanted.isEmpty { unwanted = unwanted.filter { $0.value + UInt64(unwantedLifetime) > tick } }
    }
}
