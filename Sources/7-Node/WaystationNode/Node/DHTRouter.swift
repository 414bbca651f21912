import DelegatedRouting
import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PKademlia
import Multiformats
import Synchronization

/// The node's DHTs as a router for its delegate: all of them are asked, and what they find is put together.
struct DHTRouter: Router {
    let tables: [KademliaDHT]
    let host: Host
    /// Is told of content that this node provides from now on.
    let onProvide: @Sendable (CID) -> Void

    func findProviders(
        of cid: CID, limit: Int, onFound: @escaping @Sendable (RoutingRecord) -> Void
    ) async throws {
        let sieve = Sieve(limit: limit)
        try await ask { table in
            // Those who come without addresses are looked for meanwhile, a few at a time.
            let (homeless, finder) = AsyncStream.makeStream(of: PeerID.self, bufferingPolicy: .bufferingOldest(64))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    defer { finder.finish() }
                    try await table.findProviders(of: cid.multihash.bytes, limit: limit) { peer in
                        guard sieve.passes(peer.id) else { return }
                        if peer.addresses.isEmpty {
                            finder.yield(peer.id)
                        } else {
                            onFound(RoutingRecord(id: peer.id, addresses: peer.addresses))
                        }
                    }
                }
                for await peer in homeless {
                    let found = try? await table.findPeer(peer)
                    onFound(RoutingRecord(id: peer, addresses: found?.addresses ?? []))
                }
                try await group.waitForAll()
            }
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
        guard let table = tables.first else { return [] }
        do {
            let found = try await table.closestPeers(to: key) { peer, named in
                let records = named.map { RoutingRecord(id: $0.id, addresses: $0.addresses) }
                onStep(QueryEvent(.peerResponse, id: peer, responses: records))
            }
            return found.map { RoutingRecord(id: $0.id, addresses: $0.addresses) }
        } catch let error as KademliaError where error.code == .noPeers {
            return []
        }
    }

    func value(of key: [UInt8]) async throws -> [UInt8]? {
        for table in tables {
            do {
                return try await table.getValue(key)
            } catch let error as KademliaError where [.noPeers, .notFound].contains(error.code) {
                continue
            }
        }
        return nil
    }

    func put(_ value: [UInt8], key: [UInt8]) async throws -> [PeerID] {
        try await tell { table in try await table.putValue(value, key: key) }
    }

    func provide(_ cid: CID) async throws -> [PeerID] {
        onProvide(cid)
        return try await tell { table in try await table.provide(cid.multihash.bytes) }
    }

    /// Asks all DHTs at once. That nobody knows, or that there is nobody to ask, is no error.
    private func ask(_ question: @escaping @Sendable (KademliaDHT) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for table in tables {
                group.addTask {
                    do {
                        try await question(table)
                    } catch let error as KademliaError where [.noPeers, .notFound].contains(error.code) {}
                }
            }
            try await group.waitForAll()
        }
    }

    /// Tells all DHTs, one after the other; it is enough when one of them takes it.
    private func tell(_ message: (KademliaDHT) async throws -> [PeerID]) async throws -> [PeerID] {
        var told: [PeerID] = []
        var failure: (any Error)?
        for table in tables {
            do {
                told += try await message(table)
            } catch let error as KademliaError where error.code == .noPeers {
                // The record is kept here all the same: a node alone is its whole network.
            } catch {
                failure = error
            }
        }
        if let failure, told.isEmpty { throw Self.routingError(failure) }
        return told
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

    /// Lets each peer through once, and no more than were asked for.
    private final class Sieve: Sendable {
        private let seen = Mutex<Set<PeerID>>([])
        private let limit: Int

        init(limit: Int) { self.limit = limit > 0 ? limit : .max }

        func passes(_ peer: PeerID) -> Bool {
            seen.withLock { $0.count < limit && $0.insert(peer).inserted }
        }
    }
}
