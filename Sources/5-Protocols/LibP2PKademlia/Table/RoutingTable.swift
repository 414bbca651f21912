public import LibP2PIdentity
public import NIOCore

/// The peers a DHT routes by: at most `k` for each length of the prefix they share with this node.
///
/// The rules are Kademlia's: who has been alive longest stays, a live peer is never pushed out, newcomers to a full
/// bucket wait as candidates and take the place of one that died. On top come bounds on how many peers of one address
/// block there may be, so that one operator can't fill the table. A value without clock or I/O; the owner brings the
/// time and acts on the decisions. Buckets are by exact prefix length: the classic splitting of the last bucket keeps
/// the same peers and only saves empty buckets.
public struct RoutingTable: Sendable {
    /// A peer of the table.
    public struct Entry: Sendable {
        /// Who it is.
        public let peer: PeerID
        /// Its place in the key space.
        public let key: KademliaKey
        /// When it came in.
        public let added: NIODeadline
        /// When it last answered a request.
        public fileprivate(set) var lastAnswer: NIODeadline
        let groups: Set<AddressGroup>
    }

    /// What became of a peer that was offered.
    public enum Admission: Sendable, Hashable {
        /// It is in the table now.
        case added
        /// It was there already; its last answer is noted.
        case refreshed
        /// Its bucket is full of live peers; it waits as a candidate.
        case waiting
        /// Too many peers of its address block are there.
        case tooManyOfGroup
        /// It is this node itself.
        case ownID
    }

    /// This node's place.
    public let ownKey: KademliaKey
    private let ownID: PeerID
    private let limits: RoutingLimits
    private var entries: [PeerID: Entry] = [:]
    /// Members by common prefix length, oldest first.
    private var members: [[PeerID]] = Array(repeating: [], count: KademliaKey.bitCount + 1)
    /// Peers that would come in, the latest last.
    private var candidates: [[Entry]] = Array(repeating: [], count: KademliaKey.bitCount + 1)
    private var groupCounts: [AddressGroup: Int] = [:]

    /// An empty table.
    public init(ownID: PeerID, limits: RoutingLimits = .init()) {
        self.ownID = ownID
        self.ownKey = KademliaKey(ownID)
        self.limits = limits
    }

    /// The number of peers.
    public var count: Int { entries.count }

    /// All peers, in no order.
    public var peers: some Collection<Entry> { entries.values }

    /// Whether a peer is in the table (candidates are not).
    public func contains(_ peer: PeerID) -> Bool { entries[peer] != nil }

    /// How many peers each bucket holds, by common prefix length, up to the last that has any.
    public var bucketSizes: [Int] {
        let sizes = members.map(\.count)
        return Array(sizes.prefix(through: sizes.lastIndex { $0 > 0 } ?? 0))
    }

    /// Whether a peer at this place could come in at once, addresses aside: tells whether a check is worth its cost.
    public func hasRoom(for key: KademliaKey) -> Bool {
        members[ownKey.commonPrefixLength(with: key)].count < limits.bucketSize
    }

    /// Offers a peer that has just proven to be alive and to serve the DHT.
    ///
    /// - Parameter groups: the blocks of the addresses it is connected by; empty where none count (a laboratory).
    public mutating func offer(_ peer: PeerID, groups: Set<AddressGroup>, now: NIODeadline) -> Admission {
        guard peer != ownID else { return .ownID }
        if entries[peer] != nil {
            noteAnswer(of: peer, now: now)
            return .refreshed
        }
        let key = KademliaKey(peer)
        let entry = Entry(peer: peer, key: key, added: now, lastAnswer: now, groups: groups)
        let bucket = ownKey.commonPrefixLength(with: key)
        guard allows(groups, in: bucket) else { return .tooManyOfGroup }
        guard members[bucket].count < limits.bucketSize else {
            candidates[bucket].removeAll { $0.peer == peer }
            candidates[bucket].append(entry)
            if candidates[bucket].count > limits.candidatesPerBucket { candidates[bucket].removeFirst() }
            return .waiting
        }
        insert(entry, in: bucket)
        return .added
    }

    /// Notes that a peer of the table answered.
    public mutating func noteAnswer(of peer: PeerID, now: NIODeadline) {
        entries[peer]?.lastAnswer = now
    }

    /// Takes out a peer that failed.
    ///
    /// - Returns: the latest candidate for its place, if there is one: check that it is still alive and offer it.
    public mutating func remove(_ peer: PeerID) -> PeerID? {
        let bucket = ownKey.commonPrefixLength(with: KademliaKey(peer))
        candidates[bucket].removeAll { $0.peer == peer }
        guard let entry = entries.removeValue(forKey: peer) else { return nil }
        members[bucket].removeAll { $0 == peer }
        for group in entry.groups {
            let left = groupCounts[group, default: 0] - 1
            groupCounts[group] = left > 0 ? left : nil
        }
        return candidates[bucket].popLast()?.peer
    }

    /// The peers that have not answered since a moment, the most silent first: ping these.
    public func silent(since moment: NIODeadline) -> [PeerID] {
        entries.values.filter { $0.lastAnswer < moment }
            .sorted { ($0.lastAnswer, $0.key) < ($1.lastAnswer, $1.key) }
            .map(\.peer)
    }

    private mutating func insert(_ entry: Entry, in bucket: Int) {
        entries[entry.peer] = entry
        members[bucket].append(entry.peer)
        for group in entry.groups { groupCounts[group, default: 0] += 1 }
    }

    private func allows(_ groups: Set<AddressGroup>, in bucket: Int) -> Bool {
        groups.allSatisfy { group in
            let inTable = groupCounts[group, default: 0]
            if limits.peersPerGroup > 0, inTable >= limits.peersPerGroup { return false }
            guard limits.peersPerGroupInBucket > 0, inTable > 0 else { return true }
            let inBucket = members[bucket].count { entries[$0]?.groups.contains(group) == true }
            return inBucket < limits.peersPerGroupInBucket
        }
    }
}
