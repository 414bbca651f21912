import LibP2PCore
import LibP2PIdentity
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
