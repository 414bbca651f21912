import LibP2PCore
import LibP2PIdentity
public import Multiformats
import NIOCore
import OrderedCollections

// Getting blocks.
extension Bitswap {
    /// Returns a block: from the store, or from whoever has it. A block that was fetched is in the store.
    ///
    /// - Parameters:
    ///   - sources: who is asked; by default whoever is connected.
    ///   - limit: how long it is waited for; nil for ``BitswapConfiguration/fetchTime``.
    /// - Throws: ``BitswapError``: `.notFound`, `.timeout`, `.cancelled`, `.unsupportedHash`, `.limitReached`, `.stopped`.
    public func block(
        _ cid: CID, from sources: BlockSources = BlockSources(), within limit: Duration? = nil
    ) async throws -> Block {
        if let inlined = Block(inlinedIn: cid) { return inlined }
        guard BlockHash.canVerify(cid.multihash) else {
            throw BitswapError(
                .unsupportedHash,
                "\(cid) has hash function \(cid.multihash.code), by which no block can be verified here")
        }
        if let block = await store.block(cid) { return block }
        let limit = limit ?? configuration.fetchTime
        let ticket = takeTicket()
        let timer = executor.schedule(after: limit) {
            self.assumeIsolated { $0.dismiss(ticket, cid, BitswapError(.timeout, "\(cid) did not come in \(limit)")) }
        }
        defer { timer.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                join(ticket, cid, sources, continuation)
            }
        } onCancel: {
            executor.loop.execute {
                self.assumeIsolated {
                    $0.dismiss(ticket, cid, BitswapError(.cancelled, "nobody waits for \(cid) any more"))
                }
            }
        }
    }

    /// Returns several blocks, in the order of their CIDs.
    ///
    /// - Throws: as ``block(_:from:within:)``, for the first that can't be had; the others are given up.
    public func blocks(
        _ cids: [CID], from sources: BlockSources = BlockSources(), within limit: Duration? = nil
    ) async throws -> [Block] {
        try await withThrowingTaskGroup(of: (Int, Block).self) { group in
            for (index, cid) in cids.enumerated() {
                group.addTask { (index, try await self.block(cid, from: sources, within: limit)) }
            }
            var found: [Int: Block] = [:]
            for try await (index, block) in group { found[index] = block }
            return cids.indices.compactMap { found[$0] }
        }
    }

    private func takeTicket() -> UInt64 {
        defer { nextTicket += 1 }
        return nextTicket
    }

    /// Lets a caller wait, and looks in its sources.
    private func join(
        _ ticket: UInt64, _ cid: CID, _ sources: BlockSources, _ continuation: CheckedContinuation<Block, any Error>
    ) {
        let hash = cid.multihash
        guard isRunning else {
            return continuation.resume(throwing: BitswapError(.stopped, "the block exchange is not running"))
        }
        guard !Task.isCancelled else {
            return continuation.resume(throwing: BitswapError(.cancelled, "nobody waits for \(cid) any more"))
        }
        guard fetches[hash] != nil || fetches.count < configuration.maxFetches else {
            return continuation.resume(
                throwing: BitswapError(
                    .limitReached, "\(fetches.count) blocks are being fetched already; try again later"))
        }
        let hunt = BlockHunt(patience: configuration.patience, limit: configuration.maxPeersPerFetch)
        var fetch = fetches[hash] ?? Fetch(cid: cid, since: executor.now, hunt: hunt)
        fetch.waiters[ticket] = Fetch.Waiter(cid: cid, continuation: continuation)
        for peer in sources.peers where peer != network.localPeer {
            fetch.hunt.add(peer, answersHave: version(of: peer)?.hasPresences ?? true)
        }
        if sources.asksConnectedPeers {
            fetch.asksConnectedPeers = true
            addConnectedPeers(to: &fetch.hunt)
        }
        if let finder = sources.finder {
            let search = takeTicket()
            let delay = fetch.hunt.isHopeless ? .zero : configuration.searchDelay
            fetch.searches[search] = executor.spawn { await self.search(search, finder, cid, after: delay) }
        }
        fetches[hash] = fetch
        advance(hash)
        keepTime()
        publish()
    }

    /// Those who came last are asked first: a delegate's client connects shortly before it asks.
    private func addConnectedPeers(to hunt: inout BlockHunt) {
        let connections = network.connections.filter { !$0.isLimited }.sorted { $0.openedAt > $1.openedAt }
        for connection in connections {
            guard !hunt.isFull else { return }
            if let version = version(of: connection.remotePeer) {
                hunt.add(connection.remotePeer, answersHave: version.hasPresences)
            }
        }
    }

    /// The version that a peer told by identify; nil when it told none.
    func version(of peer: PeerID) -> BitswapVersion? {
        network.peerStore.description(of: peer).flatMap { BitswapVersion(bestOf: $0.protocols) }
    }

    // MARK: Searching

    private nonisolated func search(
        _ search: UInt64, _ finder: any ProviderFinder, _ cid: CID, after delay: Duration
    ) async {
        let executor = executor
        if delay > .zero { try? await executor.sleep(for: delay) }
        if !Task.isCancelled {
            await finder.findProviders(of: cid) { peer in
                executor.spawn { await self.found(peer, cid.multihash) }
            }
        }
        // In line behind the peers that it found.
        executor.spawn { await self.searchEnded(search, cid.multihash) }
    }

    private func found(_ peer: PeerID, _ hash: Multihash) {
        guard peer != network.localPeer else { return }
        fetches[hash]?.hunt.add(peer, answersHave: version(of: peer)?.hasPresences ?? true)
        advance(hash)
    }

    private func searchEnded(_ search: UInt64, _ hash: Multihash) {
        fetches[hash]?.searches[search] = nil
        advance(hash)
    }

    /// A peer has connected and said what it is.
    func peerArrived(_ peer: PeerID, _ version: BitswapVersion) {
        for (hash, fetch) in fetches where fetch.asksConnectedPeers && !fetch.hunt.knows(peer) {
            fetches[hash]?.hunt.add(peer, answersHave: version.hasPresences)
            advance(hash)
        }
    }

    // MARK: Going on

    /// Asks whom it is time to ask.
    func advance(_ hash: Multihash) {
        guard let asks = fetches[hash]?.hunt.advance(at: executor.now) else { return }
        for ask in asks { issue(ask, hash) }
        guard let fetch = fetches[hash], fetch.hunt.isHopeless, fetch.searches.isEmpty else { return }
        let mayArrive =
            fetch.asksConnectedPeers && executor.now - fetch.since < TimeAmount(configuration.arrivalTime)
        if !mayArrive { fail(hash, BitswapError(.notFound, "no peer that was asked has \(fetch.cid)")) }
    }

    private func issue(_ ask: BlockHunt.Ask, _ hash: Multihash) {
        guard let cid = fetches[hash]?.cid else { return }
        switch ask {
        case .have(let peer): say(.have(cid), to: peer)
        case .block(let peer): say(.block(cid), to: peer)
        case .cancel(let peer): say(.cancel(cid), to: peer)
        }
    }

    /// A peer can't be reached, or broke the protocol: whatever it was asked for is looked for elsewhere.
    func giveUp(_ peer: PeerID) {
        for hash in Array(fetches.keys) where fetches[hash]?.hunt.knows(peer) == true {
            fetches[hash]?.hunt.noteAbsence(peer)
            advance(hash)
        }
    }

    /// Whether a peer was asked for anything and has not answered.
    func awaits(_ peer: PeerID) -> Bool { fetches.values.contains { $0.hunt.awaits(peer) } }

    // MARK: Ending

    /// Ends one caller's wait.
    private func dismiss(_ ticket: UInt64, _ cid: CID, _ error: BitswapError) {
        let hash = cid.multihash
        guard let waiter = fetches[hash]?.waiters.removeValue(forKey: ticket) else { return }
        waiter.continuation.resume(throwing: error)
        if fetches[hash]?.waiters.isEmpty == true { fail(hash, error) }
    }

    func fail(_ hash: Multihash, _ error: BitswapError) {
        guard let fetch = end(hash, sender: nil) else { return }
        for (_, waiter) in fetch.waiters.sorted(by: { $0.key < $1.key }) { waiter.continuation.resume(throwing: error) }
    }

    /// Hands a block to all who wait for it.
    func deliver(_ block: Block, from sender: PeerID) {
        guard let fetch = end(block.cid.multihash, sender: sender) else { return }
        for (_, waiter) in fetch.waiters.sorted(by: { $0.key < $1.key }) {
            waiter.continuation.resume(returning: block.renamed(waiter.cid) ?? block)
        }
    }

    private func end(_ hash: Multihash, sender: PeerID?) -> Fetch? {
        guard let fetch = fetches[hash] else { return nil }
        for search in fetch.searches.values { search.cancel() }
        for ask in fetch.hunt.cancellations(except: sender) { issue(ask, hash) }
        fetches[hash] = nil
        recent.insert(hash)
        publish()
        return fetch
    }
}
