import LibP2PCore
import LibP2PIdentity
import Logging
import Multiformats
import NIOCore
import OrderedCollections

// What peers are told: one task for each, which sends one message after another.
extension Bitswap {
    /// Sees to it that a peer has a place in the table.
    ///
    /// - Returns: false when the table is full.
    func makePartner(_ peer: PeerID) -> Bool {
        guard partners[peer] == nil else { return true }
        guard partners.count < configuration.maxPartners else { return false }
        let queue = ServingQueue(
            limit: configuration.maxWantsPerPeer, parkingLimit: configuration.maxParkedWantsPerPeer)
        partners[peer] = Partner(queue: queue, at: executor.now)
        keepTime()
        return true
    }

    /// Asks a peer for something, or takes it back.
    func say(_ want: Want, to peer: PeerID) {
        guard makePartner(peer) else {
            if !want.isCancel { fetches[want.cid.multihash]?.hunt.noteAbsence(peer) }
            return
        }
        let unsent = partners[peer]?.asks.removeValue(forKey: want.cid.multihash)
        // What was never said need not be taken back.
        if want.isCancel, unsent?.isCancel == false { return }
        partners[peer]?.asks[want.cid.multihash] = want
        startSending(to: peer)
    }

    func startSending(to peer: PeerID) {
        guard partners[peer]?.isSending == false, isRunning else { return }
        partners[peer]?.isSending = true
        executor.spawn { await self.sendAll(to: peer) }
    }

    private func sendAll(to peer: PeerID) async {
        defer { partners[peer]?.isSending = false }
        do {
            while isRunning, let partner = partners[peer] {
                if !partner.asks.isEmpty {
                    try await sendAsks(to: peer)
                } else if !partner.queue.isEmpty {
                    guard takePlace(for: peer) else { return }
                    defer { givePlace() }
                    try await sendAnswer(to: peer)
                } else {
                    return
                }
            }
        } catch {
            logger.debug("a peer can't be told", metadata: ["peer": "\(peer)", "error": "\(error)"])
            forget(peer)
        }
    }

    private func sendAsks(to peer: PeerID) async throws {
        let lane = try await lane(to: peer)
        guard let asks = partners[peer]?.asks.values.prefix(BitswapMessage.maxWants), !asks.isEmpty else { return }
        for ask in asks { partners[peer]?.asks[ask.cid.multihash] = nil }
        let message = BitswapMessage(wants: Array(asks))
        let sayable = message.limited(to: lane.version)
        if !sayable.isEmpty { try await lane.send(sayable, within: configuration.sendTime) }
        guard !lane.version.hasPresences else { return }
        for ask in asks where ask.kind == .have && !ask.isCancel {
            fetches[ask.cid.multihash]?.hunt.noteOldVersion(peer)
            advance(ask.cid.multihash)
        }
    }

    private func sendAnswer(to peer: PeerID) async throws {
        let lane = try await lane(to: peer)
        let answer = await composeAnswer(to: peer, lane.version)
        guard !answer.isEmpty else { return }
        try await lane.send(answer, within: configuration.sendTime)
        statistics.sentBlocks += answer.blocks.count
        statistics.sentBytes += answer.blocks.reduce(0) { $0 + $1.data.readableBytes }
        partners[peer]?.activeAt = executor.now
    }

    // MARK: Lanes

    /// The stream to a peer, which is opened if need be, and the peer dialled. Only the peer's sending task calls it.
    private func lane(to peer: PeerID) async throws -> Lane {
        partners[peer]?.activeAt = executor.now
        if let lane = partners[peer]?.lane { return lane }
        let connection = try await network.connect(to: peer, at: [])
        let protocols = version(of: peer).map { [$0.id] } ?? BitswapVersion.preferred.map(\.id)
        let id = nextLane
        nextLane += 1
        let opened = executor.loop.makePromise(of: Lane.self)
        let keeping = executor.spawn { await self.keepLane(id, on: connection, protocols, opened) }
        let limit = configuration.sendTime
        let timer = executor.schedule(after: limit) {
            // Without effect when the stream is open. A peer that does not even agree to the protocol gets no more time.
            opened.fail(NetworkError(.timeout, "The peer did not agree to bitswap within \(limit)."))
        }
        defer { timer.cancel() }
        let lane: Lane
        do {
            lane = try await opened.futureResult.get()
        } catch {
            keeping.cancel()
            throw error
        }
        // The peer may have left meanwhile.
        guard partners[peer] != nil, isRunning else {
            lane.close()
            throw BitswapError(.stopped, "the peer \(peer) is not needed any more")
        }
        return lane
    }

    /// Opens a stream, and reads what comes on it until it ends: py-libp2p answers where it was asked.
    private nonisolated func keepLane(
        _ id: UInt64, on connection: Connection, _ protocols: [ProtocolID], _ opened: EventLoopPromise<Lane>
    ) async {
        let peer = connection.remotePeer
        do {
            try await connection.withStream(protocols) { stream in
                let version = BitswapVersion(stream.protocolID) ?? .v100
                let bound = NIOLoopBound(stream, eventLoop: connection.executor.loop)
                let lane = Lane(id: id, connection: connection, stream: bound, version: version)
                await self.laneOpened(lane, peer)
                opened.succeed(lane)
                while let message = try await stream.message(BitswapMessage.self, max: BitswapMessage.maxLength) {
                    await self.receive(message, on: connection, version)
                }
            }
            await laneEnded(id, peer, nil)
        } catch {
            // Without effect when the stream was open before.
            opened.fail(error)
            await laneEnded(id, peer, error)
        }
    }

    private func laneOpened(_ lane: Lane, _ peer: PeerID) { partners[peer]?.lane = lane }

    /// - Parameter error: nil when the peer only ended its own side, for which it may have no use.
    private func laneEnded(_ id: UInt64, _ peer: PeerID, _ error: (any Error)?) {
        guard partners[peer]?.lane?.id == id else { return }
        partners[peer]?.lane = nil
        if error != nil { giveUp(peer) }
    }

    func closeIdleLanes() {
        let now = executor.now
        for (peer, partner) in partners {
            guard !partner.isSending, partner.asks.isEmpty, partner.queue.isEmpty,
                now - partner.activeAt >= TimeAmount(configuration.idleTime), !awaits(peer)
            else { continue }
            partner.lane?.close()
            partners[peer]?.lane = nil
            if partner.queue.parkedCount == 0 { partners[peer] = nil }
        }
    }

    /// A connection ended; if it was the last one, nothing more can be said.
    func connectionEnded(_ peer: PeerID) {
        if network.connections(to: peer).isEmpty { forget(peer) }
    }

    /// Drops all that is to be said to a peer, and expects nothing of it.
    private func forget(_ peer: PeerID) {
        partners[peer]?.lane?.close()
        partners[peer] = nil
        giveUp(peer)
    }
}
