import LibP2PCore
import NIOCore
import Redis
import Synchronization

// What this node learns of others. All of it may come from somebody else who writes to Redis: it is bounded, and what makes
// no sense is passed over.
extension StarCluster {
    /// Nodes of a star, at most.
    private static let nodeLimit = 256
    /// Peers that are asked for at once.
    private static let peersAtOnce = 500
    /// More peers than this are not announced when they are learned all together: they come round by the refresh.
    private static let announcedAtOnce = 256

    // MARK: Pushes

    /// Takes what was said in a channel.
    func pushed(_ value: RESPValue) {
        guard let parts = value.elements, parts.count == 3, parts[0].text == "message",
            let message = parts[2].bytes.flatMap({ ClusterMessage($0) })
        else { return }
        switch message {
        case .joined(let address, let stamp):
            guard stamp.node != node else { return }
            note(stamp.node)
            let wasHere = hub.roster.directory[address]?.holder.isLocal == true
            if hub.roster.joinedElsewhere(address, stamp, isAnnounced: true), wasHere { strike(address) }
        case .left(let address, let stamp):
            hub.roster.leftElsewhere(address, stamp)
        case .alive(let other, let peers):
            guard other != node else {
                echoedAt = executor.now
                return
            }
            note(other)
            if hub.roster.remoteCount(of: other) != Int(peers) { doubted.insert(other) }
        case .gone(let other):
            guard other != node else { return }
            forget(other)
        case .handshake(let handshake, let other):
            arrived(handshake, from: other)
        }
    }

    private func note(_ other: StarNodeID) {
        guard heard[other] != nil || heard.count < Self.nodeLimit else { return }
        heard[other] = executor.now
        status.withLock { $0.nodes = heard.count }
    }

    private func forget(_ other: StarNodeID) {
        heard[other] = nil
        doubted.remove(other)
        status.withLock { $0.nodes = heard.count }
        hub.roster.forgetElsewhere { $1.node == other }
    }

    private func arrived(_ handshake: ForwardedHandshake, from other: StarNodeID) {
        hub.arrived(handshake) { [self] in
            guard handshake.isReturned, let offer = HandshakeOffer(handshake.text) else { return }
            let answer = ForwardedHandshake(target: offer.source, text: offer.refused, isReturned: false)
            forward(answer, to: other) {}
        }
    }

    // MARK: Reading

    /// One beat: says that the node lives, and looks who else does.
    func beat(_ commander: RedisConnection) async throws {
        isRestoring = false
        showAlive(commander)
        let start = executor.now
        let living = try await livingNodes(commander)
        let known = hub.roster.remoteNodes.union(heard.keys)
        // Who was heard in the meantime may have come after the nodes were listed.
        for other in known.subtracting(living) where heard[other].map({ $0 < start }) ?? true { forget(other) }
        // Once more in doubt: a count that differs once may only be older than the joins that were heard since.
        let doubted = doubted.intersection(living)
        for other in doubted where secondDoubts.contains(other) {
            try await learnPeers(of: other, commander, limit: Self.announcedAtOnce)
        }
        secondDoubts = doubted
        self.doubted = []
    }

    /// Learns the peers of all nodes.
    func learn(_ commander: RedisConnection) async throws {
        let living = try await livingNodes(commander)
        for other in hub.roster.remoteNodes.subtracting(living) where heard[other] == nil { forget(other) }
        var announced = Self.announcedAtOnce
        for other in living.sorted() {
            note(other)
            announced -= try await learnPeers(of: other, commander, limit: announced)
        }
    }

    /// The other nodes that live. What those left behind that do not is cleared away.
    private func livingNodes(_ commander: RedisConnection) async throws -> Set<StarNodeID> {
        let names = try await commander.call(RESPCommand("SMEMBERS", keys.nodes)).elements ?? []
        let others = names.prefix(4 * Self.nodeLimit).compactMap { $0.text.flatMap { StarNodeID($0) } }
            .filter { $0 != node }
        guard !others.isEmpty else { return [] }
        let signs = try await commander.call(RESPCommand(["MGET"] + others.map { keys.alive($0) })).elements ?? []
        var living: Set<StarNodeID> = []
        for (other, sign) in zip(others, signs) {
            if sign != .null {
                if living.count < Self.nodeLimit { living.insert(other) }
            } else {
                commander.send(RESPCommand("SREM", keys.nodes, "\(other)"))
                commander.send(RESPCommand("DEL", keys.peers(other)))
            }
        }
        return living
    }

    /// Makes the roster agree with what a node has written.
    ///
    /// - Parameter limit: so many new peers are announced at most: all of them or none.
    /// - Returns: how many were announced.
    @discardableResult
    private func learnPeers(of other: StarNodeID, _ commander: RedisConnection, limit: Int) async throws -> Int {
        let known = hub.roster.remoteClaims(of: other)
        var found: [StarAddress: JoinStamp] = [:]
        var cursor = "0"
        repeat {
            let page = try await commander.call(
                RESPCommand("HSCAN", keys.peers(other), cursor, "COUNT", "\(Self.peersAtOnce)")
            ).elements
            guard let page, page.count == 2, let next = page[0].text, let fields = page[1].elements else { break }
            for index in stride(from: 0, to: fields.count - 1, by: 2) {
                guard let address = fields[index].bytes.flatMap({ StarAddress(bytes: Array($0.readableBytesView)) }),
                    let time = fields[index + 1].text.flatMap({ UInt64($0) })
                else { continue }
                found[address] = JoinStamp(time: time, node: other)
            }
            cursor = next
        } while cursor != "0" && found.count < StarRoster.remoteLimit
        // Only what was known before it was read can have been missing from it.
        hub.roster.forgetElsewhere { address, stamp in known[address] == stamp && found[address] == nil }
        let new = found.filter { known[$0.key] != $0.value }.sorted { $0.value < $1.value }
        let isAnnounced = new.count <= limit
        for (address, stamp) in new {
            hub.roster.joinedElsewhere(address, stamp, isAnnounced: isAnnounced)
        }
        return isAnnounced ? new.count : 0
    }
}
