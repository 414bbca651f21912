import LibP2PIdentity

/// The records of one search from several sources, each peer once: pure rules.
///
/// What is known of a peer is told when it is first named, and again with all its addresses when another source knows
/// further ones: whoever waits has something to dial at once, and those who read later have the most.
struct MergedRecords {
    private var known: [PeerID: RoutingRecord] = [:]
    private let limit: Int

    /// - Parameter limit: peers that are enough; 0 for any number.
    init(limit: Int) { self.limit = limit > 0 ? limit : .max }

    /// Whether there are enough peers.
    var isFull: Bool { known.count >= limit }

    /// Whether any peer is known.
    var hasAny: Bool { !known.isEmpty }

    /// Whether addresses of a peer are known.
    func knowsAddresses(of peer: PeerID) -> Bool { known[peer]?.addresses.isEmpty == false }

    /// Takes a record of one source.
    ///
    /// - Returns: what is to be told; nil when it says nothing new.
    mutating func add(_ record: RoutingRecord) -> RoutingRecord? {
        guard var merged = known[record.id] else {
            guard !isFull else { return nil }
            known[record.id] = record
            return record
        }
        let room = max(0, RoutingRecord.maxAddresses - merged.addresses.count)
        let further = record.addresses.filter { !merged.addresses.contains($0) }.prefix(room)
        guard !further.isEmpty else { return nil }
        merged.addresses += further
        if merged.protocols.isEmpty { merged.protocols = record.protocols }
        merged.others.merge(record.others) { mine, _ in mine }
        known[record.id] = merged
        return merged
    }
}
