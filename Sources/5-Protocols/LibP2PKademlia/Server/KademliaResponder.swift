import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore
import Synchronization
import Wire

/// Answers requests from what the node holds; the rules of a DHT server without its streams.
///
/// Shared by all event loops: everything in it is immutable or safe to call from anywhere.
final class KademliaResponder: Sendable {
    /// Who asks.
    struct Asker {
        let peer: PeerID
        /// The place of ``peer``.
        let key: KademliaKey
        var address: Multiaddr
        var vocabulary: AddressVocabulary
    }

    /// Peers in an answer: the `k` of the specification.
    private static let k = 20
    /// Longest provider key (go-libp2p-kad-dht): a multihash, or what labs use as one.
    private static let providerKeyLength = 1...80

    let table = PublishedSnapshot()
    let records: KademliaRecords
    let namespaces: RecordNamespaces
    let policy: AddressPolicy
    let statistics = KademliaStatistics()
    private let network: any Network
    private let ownID: PeerID

    init(network: any Network, records: KademliaRecords, namespaces: RecordNamespaces, policy: AddressPolicy) {
        self.network = network
        ownID = network.localPeer
        self.records = records
        self.namespaces = namespaces
        self.policy = policy
    }

    /// The answer to a request, without its length; nil for requests that have none.
    ///
    /// - Throws: ``KademliaError`` where the stream is to be reset.
    func answer(
        _ request: KademliaMessage, from asker: Asker, table: RoutingSnapshot
    ) throws(KademliaError) -> ByteBuffer? {
        statistics.count(request.kind)
        switch request.kind {
        case .findNode:
            return try findNode(request, asker, table)
        case .getProviders:
            return try getProviders(request, asker, table)
        case .addProvider:
            try addProvider(request, asker)
            return nil
        case .getValue:
            return getValue(request, asker, table)
        case .putValue:
            return try putValue(request, asker)
        case .ping:
            return request.serialized()
        }
    }

    private func findNode(
        _ request: KademliaMessage, _ asker: Asker, _ table: RoutingSnapshot
    ) throws(KademliaError) -> ByteBuffer {
        guard !request.key.isEmpty else { throw KademliaError(.invalidMessage, "FIND_NODE without a key") }
        var answer = ByteBuffer()
        answer.reserveCapacity(4_096)
        KademliaMessage.writeHead(.findNode, clusterLevel: request.clusterLevel, into: &answer)
        // The target comes first when it is known, whoever it is and wherever it lives: this is how peers find one
        // that is no server, and how go-libp2p checks that a server knows at least itself.
        let key = KademliaKey(hashing: request.key)
        var target: KademliaKey?
        if let id = try? PeerID(bytes: request.key) {
            let addresses = id == ownID ? network.addresses : network.peerStore.addresses(of: id)
            let understood = asker.vocabulary.understood(of: addresses)
            if !understood.isEmpty {
                let isConnected = id == asker.peer || id == ownID || !network.connections(to: id).isEmpty
                KademliaMessage.writeCloserPeer(
                    .init(id: id, addresses: understood, connection: isConnected ? .connected : .canConnect),
                    into: &answer)
                target = key
            }
        }
        table.writeNearest(
            Self.k, to: key, excluding: asker.key, and: target,
            vocabulary: asker.vocabulary, into: &answer)
        return answer
    }

    private func getProviders(
        _ request: KademliaMessage, _ asker: Asker, _ table: RoutingSnapshot
    ) throws(KademliaError) -> ByteBuffer {
        guard Self.providerKeyLength.contains(request.key.count) else {
            throw KademliaError(.invalidMessage, "GET_PROVIDERS with a key of \(request.key.count) bytes")
        }
        var answer = answerHead(request, asker, table, record: nil)
        for record in records.providers(of: request.key, now: network.clock.now) {
            let peer = KademliaMessage.Peer(
                id: record.provider, addresses: asker.vocabulary.understood(of: addresses(of: record)))
            // Somebody whom nobody outside its network can reach is no help.
            if peer.addresses.isEmpty, !record.addresses.isEmpty { continue }
            var entry = ByteBuffer()
            KademliaMessage.writeProviderPeer(peer, into: &entry)
            guard answer.readableBytes + entry.readableBytes <= KademliaMessage.Limits.messageSize else { break }
            answer.writeImmutableBuffer(entry)
        }
        return answer
    }

    private func addresses(of record: ProviderRecord) -> [Multiaddr] {
        let addresses: [Multiaddr]
        if record.provider == ownID {
            addresses = network.addresses
        } else if record.addresses.isEmpty {
            addresses = network.peerStore.addresses(of: record.provider)
        } else {
            addresses = record.addresses
        }
        return policy.reachable(addresses)
    }

    private func addProvider(_ request: KademliaMessage, _ asker: Asker) throws(KademliaError) {
        guard Self.providerKeyLength.contains(request.key.count) else {
            throw KademliaError(.invalidMessage, "ADD_PROVIDER with a key of \(request.key.count) bytes")
        }
        // A peer speaks for itself only.
        let own = request.providerPeers.first { $0.id == asker.peer && !$0.addresses.isEmpty }
        guard let own else {
            throw KademliaError(.invalidMessage, "ADD_PROVIDER from \(asker.peer) without an entry of its own")
        }
        let record = ProviderRecord(
            key: request.key, provider: own.id, addresses: own.addresses, received: network.clock.now)
        records.add(record, origin: policy.group(of: asker.address))
    }

    private func getValue(_ request: KademliaMessage, _ asker: Asker, _ table: RoutingSnapshot) -> ByteBuffer {
        let held = records.value(of: request.key, now: network.clock.now).map { record in
            KademliaMessage.Record(key: record.key, value: record.value, timeReceived: record.received.rfc3339)
        }
        return answerHead(request, asker, table, record: held)
    }

    private func putValue(_ request: KademliaMessage, _ asker: Asker) throws(KademliaError) -> ByteBuffer {
        guard let record = request.record, record.key == request.key else {
            throw KademliaError(.invalidRecord, "PUT_VALUE without a record of its key")
        }
        let now = network.clock.now
        try namespaces.validate(record.value, key: record.key, now: now)
        try records.put(
            ValueRecord(key: record.key, value: record.value, received: now), origin: policy.group(of: asker.address),
            namespaces: namespaces)
        let echo = KademliaMessage(
            .putValue, key: request.key, record: record, clusterLevel: request.clusterLevel)
        return echo.serialized()
    }

    /// Kind, key, record and the peers nearer to the key.
    private func answerHead(
        _ request: KademliaMessage, _ asker: Asker, _ table: RoutingSnapshot, record: KademliaMessage.Record?
    ) -> ByteBuffer {
        var answer = KademliaMessage(
            request.kind, key: request.key, record: record, clusterLevel: request.clusterLevel
        ).serialized()
        table.writeNearest(
            Self.k, to: KademliaKey(hashing: request.key), excluding: asker.key, and: nil,
            vocabulary: asker.vocabulary, into: &answer)
        return answer
    }
}
