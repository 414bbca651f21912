import LibP2PCore
public import LibP2PIdentity
public import Multiformats

/// A peer that a lookup found.
public struct FoundPeer: Sendable, Hashable {
    /// Who it is.
    public var id: PeerID
    /// Where others say it can be reached.
    public var addresses: [Multiaddr]

    /// A peer.
    public init(id: PeerID, addresses: [Multiaddr]) {
        self.id = id
        self.addresses = addresses
    }
}

/// What a lookup came to.
struct LookupOutcome: Sendable {
    /// The nearest peers that answered, nearest first.
    var nearest: [FoundPeer]
    /// Referrals on the way to the nearest one.
    var hops: Int
    /// Requests made.
    var requests: Int
}

extension KademliaDHT {
    /// The peers nearest to a key that answer now, nearest first, at most `k`.
    ///
    /// - Parameter key: a peer id's bytes, a multihash, a record key, or any other name.
    /// - Throws: ``KademliaError`` with code ``KademliaError/Code/noPeers`` when there is nobody to ask.
    public func closestPeers(to key: [UInt8]) async throws -> [FoundPeer] {
        try await look(for: key).nearest
    }

    /// Like ``closestPeers(to:)``, and tells what each peer answers on the way.
    ///
    /// - Parameter onAnswer: is told who answered, and whom it named. Called on the DHT's loop.
    public func closestPeers(
        to key: [UInt8], onAnswer: @Sendable (PeerID, [FoundPeer]) -> Void
    ) async throws -> [FoundPeer] {
        try await look(for: key, onAnswer: onAnswer).nearest
    }

    /// Like ``closestPeers(to:)``, and tells how it went.
    func look(
        for key: [UInt8], onAnswer: @Sendable (PeerID, [FoundPeer]) -> Void = { _, _ in }
    ) async throws -> LookupOutcome {
        try await traverse(key) { peer, addresses, client in
            try await client.request(KademliaMessage(.findNode, key: key), to: peer, at: addresses)
        } onAnswer: { [policy] peer, answer in
            onAnswer(peer, answer.closerPeers.map { FoundPeer(id: $0.id, addresses: policy.reachable($0.addresses)) })
            return .goOn
        }
    }

    /// Finds a peer and connects to it.
    ///
    /// - Returns: where it can be reached: by its own account if connecting succeeded, else by others'.
    /// - Throws: ``KademliaError``: `.noPeers`, or `.notFound` when nobody knows it.
    public func findPeer(_ peer: PeerID) async throws -> FoundPeer {
        if let known = connectedPeer(peer), !known.addresses.isEmpty { return known }
        do {
            return try await searchPeer(peer)
        } catch let error as KademliaError where [.noPeers, .notFound].contains(error.code) {
            // It is connected, and that is all there is to know of it.
            guard let known = connectedPeer(peer) else { throw error }
            return known
        }
    }

    private func searchPeer(_ peer: PeerID) async throws -> FoundPeer {
        var heard: [Multiaddr] = []
        let outcome = try await traverse(peer.bytes) { asked, addresses, client in
            // The target itself need not serve the DHT: reaching it is all that is wanted.
            guard asked == peer else {
                return try await client.request(KademliaMessage(.findNode, key: peer.bytes), to: asked, at: addresses)
            }
            _ = try await client.connect(to: peer, at: addresses)
            return KademliaMessage(.findNode)
        } onAnswer: { asked, answer in
            for found in answer.closerPeers where found.id == peer {
                heard += found.addresses.filter { !heard.contains($0) }
            }
            return asked == peer ? .stop : .goOn
        }
        if let known = connectedPeer(peer), !known.addresses.isEmpty { return known }
        let reachable = policy.reachable(heard)
        guard !reachable.isEmpty else {
            throw KademliaError(.notFound, "none of the \(outcome.requests) peers asked knows \(peer)")
        }
        return FoundPeer(id: peer, addresses: reachable)
    }

    /// A peer that is connected, by its own account, or else where it was dialled: the address that it dialled from is
    /// nobody's to dial. Until identify has ended there may be none at all.
    private func connectedPeer(_ peer: PeerID) -> FoundPeer? {
        let connections = network.connections(to: peer)
        guard !connections.isEmpty else { return nil }
        let own = policy.reachable(network.peerStore.addresses(of: peer))
        let dialled = connections.filter { !$0.isInbound }.map(\.remoteAddress)
        return FoundPeer(id: peer, addresses: own.isEmpty ? policy.reachable(dialled) : own)
    }

    /// Whether a lookup goes on after an answer.
    enum Verdict {
        case goOn
        case stop
    }

    private enum Event: Sendable {
        case answered(PeerID, KademliaMessage)
        case failed(PeerID, isOurFault: Bool)
        case timeUp

        /// A request failed. Whether that tells something of the peer depends: a full house on this side does not.
        static func failed(_ peer: PeerID, _ error: any Error) -> Event {
            let ours: [NetworkError.Code] = [.cancelled, .refused, .misuse, .system]
            let code = (error as? NetworkError)?.code
            return .failed(peer, isOurFault: Task.isCancelled || code.map(ours.contains) == true)
        }
    }

    /// Runs a ``Lookup``: asks, feeds it the answers, keeps the routing table informed.
    ///
    /// - Parameters:
    ///   - ask: asks one peer; runs beside others.
    ///   - onAnswer: sees each answer, one at a time.
    func traverse(
        _ key: [UInt8],
        ask: @escaping @Sendable (PeerID, [Multiaddr], KademliaClient) async throws -> KademliaMessage,
        onAnswer: (PeerID, KademliaMessage) -> Verdict
    ) async throws -> LookupOutcome {
        let target = KademliaKey(hashing: key)
        let seeds = snapshot().nearest(configuration.lookup.k, to: target)
        guard !seeds.isEmpty else {
            throw KademliaError(.noPeers, "the routing table is empty; give a bootstrap peer and wait until it answers")
        }
        var lookup = Lookup(target: target, ownID: ownID, seeds: seeds, limits: configuration.lookup)
        var book: [PeerID: [Multiaddr]] = [:]
        for seed in seeds { book[seed] = members[seed]?.addresses }
        let client = client
        let executor = executor
        let timeLimit = configuration.lookupTimeout

        await withTaskExecutorPreference(executor) {
            await withTaskGroup(of: Event.self) { group in
                group.addTask {
                    try? await executor.sleep(for: timeLimit)
                    return .timeUp
                }
                running: while true {
                    switch lookup.next() {
                    case .ask(let peers):
                        for peer in peers {
                            let addresses = book[peer] ?? []
                            asking[peer, default: 0] += 1
                            group.addTask {
                                do {
                                    return .answered(peer, try await ask(peer, addresses, client))
                                } catch {
                                    return .failed(peer, error)
                                }
                            }
                        }
                    case .wait:
                        break
                    case .done:
                        break running
                    }
                    switch await group.next() {
                    case .answered(let peer, let answer):
                        doneAsking(peer)
                        noteAnswer(of: peer)
                        learn(answer.closerPeers, into: &book)
                        if onAnswer(peer, answer) == .stop { lookup.stop() }
                        lookup.answered(peer, naming: answer.closerPeers.map(\.id))
                    case .failed(let peer, let isOurFault):
                        doneAsking(peer)
                        lookup.failed(peer)
                        if !isOurFault { expel(peer) }
                    case .timeUp, nil:
                        lookup.stop()
                    }
                }
                group.cancelAll()
                for await event in group {
                    switch event {
                    case .answered(let peer, _):
                        doneAsking(peer)
                        noteAnswer(of: peer)
                    case .failed(let peer, _):
                        doneAsking(peer)
                    case .timeUp:
                        break
                    }
                }
            }
        }
        if Task.isCancelled { throw KademliaError(.stopped, "the lookup was cancelled") }
        let nearest = lookup.nearestAnswering.map { peer in
            // Their own account counts most, as far as it is of use to others.
            let own = policy.reachable(network.peerStore.description(of: peer)?.addresses ?? [])
            return FoundPeer(id: peer, addresses: own.isEmpty ? book[peer] ?? [] : own)
        }
        return LookupOutcome(nearest: nearest, hops: lookup.hops, requests: lookup.requests)
    }

    private func doneAsking(_ peer: PeerID) {
        let left = asking[peer, default: 0] - 1
        asking[peer] = left > 0 ? left : nil
    }

    /// Remembers where named peers are said to be. Private addresses are not dialled outside of a laboratory: a stranger
    /// could make this node knock at doors of its own network.
    private func learn(_ peers: [KademliaMessage.Peer], into book: inout [PeerID: [Multiaddr]]) {
        for peer in peers.prefix(configuration.lookup.peersPerAnswer) where peer.id != ownID {
            guard book[peer.id] == nil, book.count < configuration.lookup.maxPeers else { continue }
            let addresses = policy.reachable(peer.addresses)
            guard !addresses.isEmpty else { continue }
            book[peer.id] = addresses
            network.peerStore.add(addresses, of: peer.id, lifetime: .hearsay)
        }
    }
}
