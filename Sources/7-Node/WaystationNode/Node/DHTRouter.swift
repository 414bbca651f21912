import DelegatedRouting
import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PKademlia
import Multiformats

/// The node's DHTs as a router for its delegate: all of them are asked and told at once, and what they say is put together.
struct DHTRouter: Router {
    let tables: [KademliaDHT]
    let host: Host
    /// Is told of content that this node provides from now on.
    let onProvide: @Sendable (CID) -> Void

    /// How long a DHT that has an answer waits for the others.
    private static let patience = Duration.seconds(3)
    /// Peers in an answer to who is nearest.
    private static let maxClosest = 20

    // MARK: Peers

    func findProviders(
        of cid: CID, limit: Int, onFound: @escaping @Sendable (RoutingRecord) -> Void
    ) async throws {
        let gathering = ProviderGathering(limit: limit, onFound)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { gathering.finish() }
                try await ask { table in
                    try await table.findProviders(of: cid.multihash.bytes, limit: limit) { gathering.take($0) }
                }
            }
            await gathering.house(on: host.home) { await addresses(of: $0) }
            try await group.waitForAll()
        }
    }

    /// Where a peer can be reached, by the first DHT that knows.
    private func addresses(of peer: PeerID) async -> [Multiaddr] {
        await withTaskGroup(of: [Multiaddr].self) { group in
            defer { group.cancelAll() }
            for table in tables { group.addTask { (try? await table.findPeer(peer))?.addresses ?? [] } }
            for await addresses in group where !addresses.isEmpty { return addresses }
            return []
        }
    }

    func findPeer(_ peer: PeerID, onFound: @escaping @Sendable (RoutingRecord) -> Void) async throws {
        if peer == host.localPeer {
            return onFound(RoutingRecord(id: peer, addresses: host.addresses))
        }
        try await ask { table in
            let found = try await table.findPeer(peer)
            onFound(RoutingRecord(id: found.id, addresses: found.addresses))
        }
    }

    func closestPeers(
        to key: [UInt8], onStep: @escaping @Sendable (QueryEvent) -> Void
    ) async throws -> [RoutingRecord] {
        let lists = try await gather { table in
            try await table.closestPeers(to: key) { peer, named in
                let records = named.map { RoutingRecord(id: $0.id, addresses: $0.addresses) }
                onStep(QueryEvent(.peerResponse, id: peer, responses: records))
            }
        }
        return Self.nearest(lists.flatMap(\.self), to: key).map { RoutingRecord(id: $0.id, addresses: $0.addresses) }
    }

    /// Each peer once, the nearest first.
    static func nearest(_ found: [FoundPeer], to key: [UInt8]) -> [FoundPeer] {
        let target = KademliaKey(hashing: key)
        let peers = Dictionary(found.map { ($0.id, $0) }) { $0.addresses.isEmpty ? $1 : $0 }
        return peers.values.map { (peer: $0, distance: KademliaKey($0.id).distance(to: target)) }
            .sorted { $0.distance < $1.distance }.prefix(maxClosest).map(\.peer)
    }

    // MARK: Values

    func value(of key: [UInt8]) async throws -> [UInt8]? {
        try await withThrowingTaskGroup(of: Answer.self) { group in
            defer { group.cancelAll() }
            for table in tables {
                group.addTask {
                    do {
                        return .value(try await table.getValue(key))
                    } catch let error as KademliaError where [.noPeers, .notFound].contains(error.code) {
                        return .value(nil)
                    } catch {
                        return .failed(error)
                    }
                }
            }
            var (best, asking, failure) = (nil as [UInt8]?, tables.count, nil as (any Error)?)
            while asking > 0, let answer = try await group.next() {
                switch answer {
                case .value(let value):
                    asking -= 1
                    if value != nil, best == nil {
                        group.addTask {
                            try await host.home.sleep(for: Self.patience)
                            return .impatience
                        }
                    }
                    best = MergingRouter.better(best, value)
                case .failed(let error):
                    asking -= 1
                    failure = error
                case .impatience: return best
                }
            }
            if let failure, best == nil { throw Self.routingError(failure) }
            return best
        }
    }

    private enum Answer: Sendable {
        case value([UInt8]?)
        case failed(any Error)
        case impatience
    }

    func put(_ value: [UInt8], key: [UInt8]) async throws -> [PeerID] {
        try await gather { table in try await table.putValue(value, key: key) }.flatMap(\.self)
    }

    // MARK: Providing

    func provide(_ cid: CID) async throws -> [PeerID] {
        onProvide(cid)
        return try await gather { table in try await table.provide(cid.multihash.bytes) }.flatMap(\.self)
    }

    func beginProviding(_ cid: CID) async throws {
        onProvide(cid)
        _ = try await gather { table in try await table.beginProviding(cid.multihash.bytes) }
    }

    // MARK: All of them

    /// Asks all DHTs at once. That nobody knows is no error.
    private func ask(_ question: @escaping @Sendable (KademliaDHT) async throws -> Void) async throws {
        _ = try await gather { table in
            do {
                try await question(table)
            } catch let error as KademliaError where error.code == .notFound {}
        }
    }

    /// Does the same with all DHTs at once. It is enough when it succeeds with one of them; and that one has no peers is no
    /// error: a node alone is its whole network.
    private func gather<Result: Sendable>(
        _ work: @escaping @Sendable (KademliaDHT) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: Swift.Result<Result?, any Error>.self) { group in
            for table in tables {
                group.addTask {
                    do {
                        return .success(try await work(table))
                    } catch let error as KademliaError where error.code == .noPeers {
                        return .success(nil)
                    } catch {
                        return .failure(error)
                    }
                }
            }
            var (results, failures) = ([] as [Result], [] as [any Error])
            for try await outcome in group {
                switch outcome {
                case .success(let result): if let result { results.append(result) }
                case .failure(let error): failures.append(error)
                }
            }
            if let failure = failures.first, results.isEmpty { throw Self.routingError(failure) }
            return results
        }
    }

    private static func routingError(_ error: any Error) -> RoutingError {
        guard let error = error as? KademliaError else {
            return RoutingError(.unavailable, "the DHT cannot be asked", cause: error)
        }
        return switch error.code {
        case .invalidRecord: RoutingError(.invalidRecord, error.message)
        case .outdatedRecord: RoutingError(.outdatedRecord, error.message)
        case .limitReached: RoutingError(.busy, error.message)
        default: RoutingError(.unavailable, error.message, cause: error)
        }
    }
}
