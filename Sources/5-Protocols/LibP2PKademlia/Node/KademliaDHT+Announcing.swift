import LibP2PCore
public import LibP2PIdentity

// What this node tells the network of its own accord, and tells again as long as it holds.
extension KademliaDHT {
    /// Tells the network that this node provides some content, now and again each ``KademliaConfiguration/republishInterval``
    /// until ``stopProviding(_:)`` or the end of the node. After a restart it is for those who have the content to say that
    /// they still do: see ``beginProviding(_:)``.
    ///
    /// - Parameter key: the content's multihash.
    /// - Returns: the peers that were told.
    /// - Throws: ``KademliaError``: `.noPeers`, or `.limitReached` for too many keys.
    @discardableResult
    public func provide(_ key: [UInt8]) async throws -> [PeerID] {
        try enter(.init(.provider, key))
        return try await announce(key)
    }

    /// Like ``provide(_:)``, and does not wait until the network was told: many can be begun at a time, and are told a few
    /// at a time. What was told lately is not told again, not after a restart either.
    ///
    /// - Throws: ``KademliaError`` with code ``KademliaError/Code/limitReached``.
    public func beginProviding(_ key: [UInt8]) throws {
        try enter(.init(.provider, key))
        keepOwnRecord(of: key)
        announceSoon()
    }

    /// Ends ``provide(_:)``. What others were told runs out by itself.
    public func stopProviding(_ key: [UInt8]) {
        forget(.init(.provider, key))
        records.remove(.init(key: key, provider: ownID))
    }

    /// How many keys this node provides, and how many values it puts again.
    public var announcementCounts: (provided: Int, published: Int) {
        (announcements.count(.provider), announcements.count(.value))
    }

    // MARK: The book

    /// Takes an announcement in, if there is room for one more.
    func enter(_ reference: Announcement.Reference) throws(KademliaError) {
        guard !announcements.contains(reference) else { return }
        let limit =
            switch reference.kind {
            case .provider: configuration.providedKeys
            case .value: configuration.publishedValues
            }
        guard announcements.count(reference.kind) < limit else {
            throw KademliaError(.limitReached, "this node announces \(limit) keys already, which is its limit")
        }
        note(Announcement(reference, told: earlier.removeValue(forKey: reference) ?? nil))
    }

    /// Notes that the network was told.
    func noteTold(_ reference: Announcement.Reference) {
        // Whoever has ended it meanwhile has the last word.
        guard announcements.contains(reference) else { return }
        note(Announcement(reference, told: network.clock.now))
    }

    func note(_ announcement: Announcement) {
        announcements.set(announcement)
        journal?.save(announcement)
    }

    func forget(_ reference: Announcement.Reference) {
        if announcements.remove(reference) { journal?.removeAnnouncement(reference) }
    }

    /// Forgets what was provided before the start and has not been provided since.
    func forgetEarlier() {
        for reference in earlier.keys { journal?.removeAnnouncement(reference) }
        earlier = [:]
    }

    // MARK: Telling

    /// How many are told at a time. Each costs a lookup and a message to `k` peers.
    private static let toldAtOnce = 4

    /// How long it is waited for more of what comes in crowds, such as all blocks of a cache at the start: what is due is
    /// looked for among all announcements.
    private static let gatheringTime = Duration.milliseconds(200)

    private func announceSoon() {
        guard isRunning, gathering == nil else { return }
        gathering = executor.schedule(after: Self.gatheringTime) { [weak self] in
            guard let self else { return }
            executor.spawn { await self.announceGathered() }
        }
    }

    private func announceGathered() async {
        gathering = nil
        await announceDue()
    }

    /// Tells all that it is time for, unless that is under way.
    func announceDue() async {
        guard !isAnnouncing else {
            mustAnnounceMore = true
            return
        }
        isAnnouncing = true
        defer { isAnnouncing = false }
        repeat {
            mustAnnounceMore = false
            let due = announcements.due(at: network.clock.now, every: configuration.republishInterval)
            guard routing.count > 0 else {
                // A node alone is its whole network.
                for reference in due { renewOwn(reference) }
                return
            }
            await inParallel(due, atOnce: Self.toldAtOnce) { dht, reference in await dht.tell(reference) }
        } while mustAnnounceMore && isRunning
    }

    private func tell(_ reference: Announcement.Reference) async {
        guard isRunning, announcements.contains(reference) else { return }
        switch reference.kind {
        case .provider: _ = try? await announce(reference.key)
        case .value: await putAgain(reference.key)
        }
    }

    /// Puts the best value of a key again: the own one, or a better one that has come up.
    private func putAgain(_ key: [UInt8]) async {
        var value: [UInt8]?
        do {
            value = try await getValue(key)
        } catch let error as KademliaError where error.code == .notFound {
            // It has run out, here and everywhere.
            return forget(.init(.value, key))
        } catch {
            value = records.value(of: key, now: network.clock.now)?.value
        }
        if let value { _ = try? await putValue(value, key: key) }
    }

    private func announce(_ key: [UInt8]) async throws -> [PeerID] {
        keepOwnRecord(of: key)
        let own = KademliaMessage.Peer(
            id: ownID, addresses: policy.reachable(network.addresses), connection: .connected)
        let peers = try await closestPeers(to: key)
        let message = KademliaMessage(.addProvider, key: key, providerPeers: [own])
        let told = await tell(message, peers) { message, peer, client in
            try await client.send(message, to: peer.id, at: peer.addresses)
        }
        if !told.isEmpty { noteTold(.init(.provider, key)) }
        return told
    }

    // MARK: Own records

    private func renewOwn(_ reference: Announcement.Reference) {
        switch reference.kind {
        case .provider: keepOwnRecord(of: reference.key)
        case .value:
            let now = network.clock.now
            guard let held = records.value(of: reference.key, now: now), isOld(held.received, now) else { return }
            guard (try? responder.namespaces.validate(held.value, key: held.key, now: now)) != nil else {
                return forget(reference)
            }
            try? records.put(
                ValueRecord(key: held.key, value: held.value, received: now), origin: nil,
                namespaces: responder.namespaces)
        }
    }

    /// Keeps this node among the providers of a key. A record that is good for long is left as it is: each change is
    /// written to the disk.
    private func keepOwnRecord(of key: [UInt8]) {
        let now = network.clock.now
        let addresses = policy.reachable(network.addresses)
        if let held = records.providers(of: key, now: now).first(where: { $0.provider == ownID }),
            held.addresses == addresses, !isOld(held.received, now)
        {
            return
        }
        records.add(ProviderRecord(key: key, provider: ownID, addresses: addresses, received: now), origin: nil)
    }

    private func isOld(_ time: Timestamp, _ now: Timestamp) -> Bool { now - time >= configuration.republishInterval }
}
