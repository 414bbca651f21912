import LibP2PCore
public import LibP2PIdentity
import Multiformats

// Who provides what.
extension KademliaDHT {
    /// Finds peers that provide some content.
    ///
    /// - Parameters:
    ///   - key: the content's multihash.
    ///   - limit: providers after which the search ends; 0 searches as far as it goes.
    ///   - onFound: is told of each provider once, as soon as one answer names it. Called on the DHT's loop.
    /// - Returns: how many were found.
    /// - Throws: ``KademliaError`` with code ``KademliaError/Code/noPeers`` when there is nobody to ask and nothing known.
    @discardableResult
    public func findProviders(
        of key: [UInt8], limit: Int = 20, onFound: @Sendable (FoundPeer) -> Void
    ) async throws -> Int {
        let limit = limit > 0 ? limit : .max
        var found: Set<PeerID> = []
        func take(_ peer: PeerID, _ addresses: [Multiaddr]) {
            let addresses = policy.reachable(addresses.isEmpty ? network.peerStore.addresses(of: peer) : addresses)
            guard found.count < limit, found.insert(peer).inserted else { return }
            if !addresses.isEmpty { network.peerStore.add(addresses, of: peer, lifetime: .hearsay) }
            onFound(FoundPeer(id: peer, addresses: addresses))
        }
        for record in records.providers(of: key, now: network.clock.now) {
            take(record.provider, record.provider == ownID ? network.addresses : record.addresses)
        }
        guard found.count < limit else { return found.count }
        do {
            _ = try await traverse(key) { peer, addresses, client in
                try await client.request(KademliaMessage(.getProviders, key: key), to: peer, at: addresses)
            } onAnswer: { _, answer in
                for provider in answer.providerPeers { take(provider.id, provider.addresses) }
                return found.count < limit ? .goOn : .stop
            }
        } catch let error as KademliaError where error.code == .noPeers && !found.isEmpty {
            return found.count
        }
        return found.count
    }

    /// Tells the network that this node provides some content, now and again each ``KademliaConfiguration/republishInterval``.
    ///
    /// - Parameter key: the content's multihash.
    /// - Returns: the peers that were told.
    /// - Throws: ``KademliaError``: `.noPeers`, or `.limitReached` for too many keys.
    @discardableResult
    public func provide(_ key: [UInt8]) async throws -> [PeerID] {
        guard provided.contains(key) || provided.count < configuration.providedKeys else {
            throw KademliaError(
                .limitReached, "this node provides \(provided.count) keys already, which is its limit")
        }
        provided.insert(key)
        return try await announce(key)
    }

    /// Ends ``provide(_:)``. What others were told runs out by itself.
    public func stopProviding(_ key: [UInt8]) {
        provided.remove(key)
        records.remove(.init(key: key, provider: ownID))
    }

    /// Tells all again what this node provides.
    func republish() async {
        for key in provided.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            guard isRunning else { return }
            _ = try? await announce(key)
        }
        for key in published.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            guard isRunning else { return }
            guard let value = records.value(of: key, now: network.clock.now)?.value else {
                published.remove(key)
                continue
            }
            do {
                try await putValue(value, key: key)
            } catch let error as KademliaError where error.code == .invalidRecord {
                // It has run out.
                published.remove(key)
            } catch {}
        }
    }

    private func announce(_ key: [UInt8]) async throws -> [PeerID] {
        let own = KademliaMessage.Peer(
            id: ownID, addresses: policy.reachable(network.addresses), connection: .connected)
        records.add(
            ProviderRecord(key: key, provider: own.id, addresses: own.addresses, received: network.clock.now),
            origin: nil)
        let peers = try await closestPeers(to: key)
        let message = KademliaMessage(.addProvider, key: key, providerPeers: [own])
        return await tell(message, peers) { message, peer, client in
            try await client.send(message, to: peer.id, at: peer.addresses)
        }
    }

    /// Sends the same to several peers.
    ///
    /// - Returns: those that took it.
    func tell(
        _ message: KademliaMessage, _ peers: [FoundPeer],
        _ send: @escaping @Sendable (KademliaMessage, FoundPeer, KademliaClient) async throws -> Void
    ) async -> [PeerID] {
        let client = client
        return await withTaskExecutorPreference(executor) {
            await withTaskGroup(of: PeerID?.self) { group in
                for peer in peers {
                    group.addTask { await (try? send(message, peer, client)) != nil ? peer.id : nil }
                }
                var told: [PeerID] = []
                for await peer in group { if let peer { told.append(peer) } }
                return told
            }
        }
    }
}
