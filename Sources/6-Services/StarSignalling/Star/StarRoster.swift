package import LibP2PCore
import Synchronization

/// A newcomer, to be told to everybody.
package struct Announcement: Sendable {
    /// Its place in the book: those who joined later know of it by their list.
    package let serial: UInt64
    /// One `ws-peer` event.
    package let packet: PacketBatch
}

/// Who is joined, here and at other nodes of the star: the newest join of an address wins, and only its holder ends it.
///
/// Joins and leaves come one after another, under one lock, so that all see them in the same order. Handshakes only read
/// the ``directory``.
package final class StarRoster: Sendable {
    /// What a join led to.
    package struct Joined: Sendable {
        /// The claim that the socket has now.
        package let claim: PeerClaim
        /// The newest of those who were there before.
        package let others: PacketBatch
        /// Whether the address that the socket had before was given up.
        package let hasMoved: Bool
    }

    private struct State {
        var book = PeerBook()
        var clock = JoinClock()
        var localCount = 0
        var remoteCounts: [StarNodeID: Int] = [:]
        var remoteCount = 0

        mutating func count(_ claim: PeerClaim, _ change: Int) {
            switch claim.holder {
            case .local: localCount += change
            case .remote(let node):
                remoteCount += change
                let count = (remoteCounts[node] ?? 0) + change
                remoteCounts[node] = count > 0 ? count : nil
            }
        }
    }

    /// Peers of other nodes that are kept, at most: what stands in Redis is bounded too.
    package static let remoteLimit = 262_144

    /// Who holds which address.
    package let directory = StarDirectory()
    /// This node.
    package let node: StarNodeID

    private let limit: Int
    private let listed: Int
    private let clock: WallClock
    private let announce: @Sendable (Announcement) -> Void
    private let state = Mutex(State())

    /// Makes an empty roster.
    ///
    /// - Parameters:
    ///   - limit: peers that may be joined at this node; 0 is unlimited.
    ///   - listed: how many peers a newcomer, or a refresh, is told of at most.
    ///   - announce: takes announcements, in their order; it is called within the lock, and must not call back.
    package init(
        node: StarNodeID, limit: Int, listed: Int, clock: WallClock,
        announce: @escaping @Sendable (Announcement) -> Void
    ) {
        self.node = node
        self.limit = limit > 0 ? limit : .max
        self.listed = listed > 0 ? listed : .max
        self.clock = clock
        self.announce = announce
    }

    /// Peers that are joined at this node.
    package var localCount: Int { state.withLock { $0.localCount } }

    /// Peers that are joined at other nodes.
    package var remoteCount: Int { state.withLock { $0.remoteCount } }

    // MARK: This node's peers

    /// A socket joins.
    ///
    /// - Parameter old: the address that the socket had until now, and the claim: it is given up for the new one.
    /// - Returns: nil when there is no room for one more.
    package func join(_ address: StarAddress, _ member: StarMember, leaving old: (StarAddress, JoinStamp)?) -> Joined? {
        state.withLock { state in
            let isHeldHere = directory[address]?.holder.isLocal == true
            let moved = old.flatMap { $0.0 != address && holds($0.0, $0.1) ? $0 : nil }
            guard isHeldHere || moved != nil || state.localCount < limit else { return nil }
            if let moved { remove(moved.0, in: &state) }
            let stamp = JoinStamp(time: state.clock.next(clock.now), node: node)
            let claim = enter(address, stamp, .local(member), isAnnounced: true, in: &state)
            return Joined(
                claim: claim, others: state.book.newest(listed, without: claim.serial).packets, hasMoved: moved != nil)
        }
    }

    /// A socket leaves.
    ///
    /// - Returns: whether the claim was still the address's: a newer one stays.
    package func leave(_ address: StarAddress, _ stamp: JoinStamp) -> Bool {
        state.withLock { state in
            guard holds(address, stamp) else { return false }
            remove(address, in: &state)
            return true
        }
    }

    /// Whether a claim is the one that counts for its address.
    package func holds(_ address: StarAddress, _ stamp: JoinStamp) -> Bool { directory[address]?.stamp == stamp }

    /// All claims of this node's sockets.
    package var localClaims: [(address: StarAddress, claim: PeerClaim)] { directory.all { $0.holder.isLocal } }

    // MARK: Other nodes' peers

    /// A peer joined at another node.
    ///
    /// - Parameter isAnnounced: whether the peers of this node are told now; otherwise they learn of it by and by.
    /// - Returns: whether it counts: a newer join of the address stays.
    @discardableResult
    package func joinedElsewhere(_ address: StarAddress, _ stamp: JoinStamp, isAnnounced: Bool) -> Bool {
        state.withLock { state in
            guard stamp.node != node, state.clock.see(stamp.time, now: clock.now) else { return false }
            let old = directory[address]
            if let old, old.stamp >= stamp { return old.stamp == stamp }
            guard old?.holder.isLocal == false || state.remoteCount < Self.remoteLimit else { return false }
            _ = enter(address, stamp, .remote(stamp.node), isAnnounced: isAnnounced, in: &state)
            return true
        }
    }

    /// A peer left at another node: its claims up to then are void.
    package func leftElsewhere(_ address: StarAddress, _ stamp: JoinStamp) {
        state.withLock { state in
            guard let claim = directory[address], claim.stamp.node == stamp.node, stamp.node != node,
                claim.stamp <= stamp
            else { return }
            remove(address, in: &state)
        }
    }

    /// Peers that are joined at another node.
    package func remoteCount(of node: StarNodeID) -> Int { state.withLock { $0.remoteCounts[node] ?? 0 } }

    /// The other nodes whose peers are known.
    package var remoteNodes: Set<StarNodeID> { state.withLock { Set($0.remoteCounts.keys) } }

    /// All claims of another node's peers.
    package func remoteClaims(of node: StarNodeID) -> [StarAddress: JoinStamp] {
        let claims = directory.all { $0.stamp.node == node && !$0.holder.isLocal }
        return Dictionary(claims.map { ($0.address, $0.claim.stamp) }, uniquingKeysWith: { $1 })
    }

    /// Ends what other nodes' peers hold.
    ///
    /// - Parameter isGone: which claims.
    package func forgetElsewhere(where isGone: (StarAddress, JoinStamp) -> Bool) {
        state.withLock { state in
            for (address, claim) in directory.all(where: { !$0.holder.isLocal }) where isGone(address, claim.stamp) {
                remove(address, in: &state)
            }
        }
    }

    // MARK: Lists

    /// Some peers, from the one who came after a serial on, and around.
    func page(after serial: UInt64) -> PeerBook.Page {
        state.withLock { $0.book.page(after: serial, limit: listed) }
    }

    // MARK: Book-keeping

    private func enter(
        _ address: StarAddress, _ stamp: JoinStamp, _ holder: PeerHolder, isAnnounced: Bool, in state: inout State
    ) -> PeerClaim {
        if directory[address] != nil { remove(address, in: &state) }
        var packet = PacketBatch()
        packet.append(event: "ws-peer", argument: address.json)
        let claim = PeerClaim(stamp: stamp, serial: state.book.append(packet), holder: holder)
        directory.set(address, claim)
        state.count(claim, 1)
        if isAnnounced { announce(Announcement(serial: claim.serial, packet: packet)) }
        return claim
    }

    private func remove(_ address: StarAddress, in state: inout State) {
        guard let claim = directory.set(address, nil) else { return }
        state.book.remove(claim.serial)
        state.count(claim, -1)
    }
}
