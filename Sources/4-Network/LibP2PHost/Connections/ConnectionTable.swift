import LibP2PCore
import LibP2PIdentity

/// All live connections, by peer and by id, with the peers' tags: a pure table.
struct ConnectionTable {
    private var byPeer: [PeerID: [Connection]] = [:]
    private var tags: [PeerID: [String: Int]] = [:]
    private var protections: [PeerID: Set<String>] = [:]
    private(set) var count = 0

    /// The most tags and protections a peer can have; they come from this node's own protocols.
    private static let maxTags = 32

    /// The connections to a peer: direct ones first, then those through relays, limited ones last; among equals the older
    /// ones first.
    func connections(to peer: PeerID) -> [Connection] {
        guard let list = byPeer[peer] else { return [] }
        guard list.count > 1 else { return list }
        return list.filter { !$0.isRelayed } + list.filter { $0.isRelayed && !$0.isLimited }
            + list.filter { $0.isLimited }
    }

    /// How many connections a peer has.
    func count(of peer: PeerID) -> Int { byPeer[peer]?.count ?? 0 }

    /// All connections, older ones first: an order that does not depend on how peers hash, so that a simulation
    /// repeats itself.
    var all: [Connection] { byPeer.values.flatMap { $0 }.sorted { $0.id < $1.id } }

    mutating func insert(_ connection: Connection) {
        byPeer[connection.remotePeer, default: []].append(connection)
        count += 1
    }

    /// - Returns: whether it was there.
    mutating func remove(_ connection: Connection) -> Bool {
        guard var list = byPeer[connection.remotePeer], let index = list.firstIndex(where: { $0 === connection }) else {
            return false
        }
        list.remove(at: index)
        byPeer[connection.remotePeer] = list.isEmpty ? nil : list
        count -= 1
        // The worth of a peer that left is not remembered; protection is, for its next connection.
        if list.isEmpty { tags[connection.remotePeer] = nil }
        return true
    }

    mutating func tag(_ peer: PeerID, _ tag: String, value: Int) {
        if value == 0 {
            tags[peer]?[tag] = nil
            if tags[peer]?.isEmpty == true { tags[peer] = nil }
        } else if byPeer[peer] != nil, tags[peer, default: [:]].count < Self.maxTags {
            tags[peer, default: [:]][tag] = value
        }
    }

    mutating func protect(_ peer: PeerID, tag: String) {
        if protections[peer, default: []].count < Self.maxTags { protections[peer, default: []].insert(tag) }
    }

    mutating func unprotect(_ peer: PeerID, tag: String) {
        protections[peer]?.remove(tag)
        if protections[peer]?.isEmpty == true { protections[peer] = nil }
    }

    func isProtected(_ peer: PeerID) -> Bool { protections[peer] != nil }

    /// What the trim policy looks at.
    var candidates: [TrimPolicy.Candidate] {
        all.map { connection in
            let peer = connection.remotePeer
            return TrimPolicy.Candidate(
                connection: connection, isProtected: protections[peer] != nil,
                worth: tags[peer]?.values.reduce(0) { $0.addingReportingOverflow($1).partialValue } ?? 0)
        }
    }
}
