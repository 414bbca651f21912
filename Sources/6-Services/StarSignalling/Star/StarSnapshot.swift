/// What a star does, for its operator.
public struct StarSnapshot: Sendable, Hashable, Codable {
    /// Sockets that are connected, joined or not.
    public var sockets: Int
    /// Peers that are joined at this node.
    public var peers: Int
    /// Peers of the same star that are joined at other nodes.
    public var remotePeers: Int
    /// Joins that were taken since the start.
    public var joins: UInt64
    /// Handshakes that were passed on to peers of this node since the start.
    public var handshakes: UInt64
    /// What was refused or ignored since the start, by reason; reasons that did not occur are left out.
    public var refusals: [String: UInt64]
}

extension StarHub {
    /// Peers that are joined at this node.
    public var peerCount: Int { roster.localCount }

    /// Peers of the same star that are joined at other nodes.
    public var remotePeerCount: Int { roster.remoteCount }

    /// What the star does now.
    public var snapshot: StarSnapshot {
        let refusals = StarRefusal.allCases.map { ($0.rawValue, counters[$0]) }.filter { $0.1 > 0 }
        return StarSnapshot(
            sockets: socketCount, peers: peerCount, remotePeers: remotePeerCount, joins: counters[.joinSuccesses],
            handshakes: counters[.handshakes], refusals: Dictionary(uniqueKeysWithValues: refusals))
    }
}
