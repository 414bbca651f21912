public import LibP2PCore
public import LibP2PIdentity
public import Multiformats

/// A claim that a peer provides some content.
public struct ProviderRecord: Sendable, Hashable {
    /// The content's multihash as it was sent; any bytes, since the network does not check them.
    public var key: [UInt8]
    /// Who provides it.
    public var provider: PeerID
    /// Where the provider said it can be reached.
    public var addresses: [Multiaddr]
    /// When it said so.
    public var received: Timestamp

    /// A record.
    public init(key: [UInt8], provider: PeerID, addresses: [Multiaddr], received: Timestamp) {
        self.key = key
        self.provider = provider
        self.addresses = addresses
        self.received = received
    }
}

/// The bounds of a ``ProviderStore``.
public struct ProviderLimits: Sendable, Hashable {
    /// How long a record counts (Amino: 48 h).
    public var lifetime = Duration.seconds(48 * 3_600)
    /// How long a record's addresses count (Amino: 24 h); after that only the id is told.
    public var addressLifetime = Duration.seconds(24 * 3_600)
    /// Records in all: some 250 bytes each.
    public var records = 500_000
    /// Records of one key; the oldest gives way.
    public var recordsPerKey = 500
    /// Addresses kept of one provider.
    public var addresses = 16

    /// The bounds of the public network.
    public init() {}
}

/// Who provides what, in memory and bounded. A value; the owner brings the time.
public struct ProviderStore: Sendable {
    /// Names a record.
    public struct Reference: Sendable, Hashable {
        /// The content.
        public let key: [UInt8]
        /// The peer.
        public let provider: PeerID

        /// Names the record of a key and a provider.
        public init(key: [UInt8], provider: PeerID) {
            self.key = key
            self.provider = provider
        }
    }

    private struct Stored {
        var record: ProviderRecord
        var receipt: OriginLedger<Reference>.Receipt
    }

    private let limits: ProviderLimits
    /// By key, the oldest first.
    private var stored: [[UInt8]: [Stored]] = [:]
    private var ledger = OriginLedger<Reference>()

    /// How many records there are, expired ones that were not removed yet included.
    public private(set) var count = 0

    /// An empty store.
    public init(limits: ProviderLimits = .init()) {
        self.limits = limits
    }

    /// How many keys have a provider.
    public var keyCount: Int { stored.count }

    /// Adds a record or renews the one of the same provider and key.
    ///
    /// - Parameter origin: the address block it came from; when the store is full, the block that holds most gives way.
    /// - Returns: the records that gave way.
    public mutating func add(_ record: ProviderRecord, origin: AddressGroup?) -> [Reference] {
        var record = record
        record.addresses = Array(record.addresses.prefix(limits.addresses))
        let reference = Reference(key: record.key, provider: record.provider)
        remove(reference)
        var evicted: [Reference] = []
        if let crowd = stored[record.key], crowd.count >= limits.recordsPerKey, let oldest = crowd.first {
            evicted.append(Reference(key: record.key, provider: oldest.record.provider))
        }
        for reference in evicted { remove(reference) }
        while count >= limits.records {
            guard let reference = ledger.takeFromLargest(isLive: { Self.isLive($0, $1, in: stored) }) else { break }
            drop(reference)
            evicted.append(reference)
        }
        let receipt = ledger.enter(reference, origin: origin, at: record.received)
        stored[record.key, default: []].append(Stored(record: record, receipt: receipt))
        count += 1
        ledger.sweep(receipt) { Self.isLive($0, $1, in: stored) }
        return evicted
    }

    /// The providers of a key, the latest first. Addresses that are too old are left out of them.
    public func providers(of key: [UInt8], now: Timestamp) -> [ProviderRecord] {
        guard let crowd = stored[key] else { return [] }
        return crowd.reversed().compactMap { stored in
            var record = stored.record
            guard record.received + limits.lifetime > now else { return nil }
            if record.received + limits.addressLifetime <= now { record.addresses = [] }
            return record
        }
    }

    /// What a peer provides. It looks through the whole store: for the rare republishing only.
    public func keys(providedBy peer: PeerID) -> [[UInt8]] {
        stored.filter { $0.value.contains { $0.record.provider == peer } }.map(\.key)
    }

    /// Removes the expired records.
    ///
    /// - Returns: what was removed.
    public mutating func removeExpired(now: Timestamp) -> [Reference] {
        let limit = now - limits.lifetime
        let expired = ledger.takeEntered(before: limit) { Self.isLive($0, $1, in: stored) }
        for reference in expired { drop(reference) }
        return expired
    }

    /// Removes a record, if there is one.
    public mutating func remove(_ reference: Reference) {
        guard let old = stored[reference.key]?.first(where: { $0.record.provider == reference.provider }) else {
            return
        }
        ledger.strike(old.receipt)
        drop(reference)
    }

    private mutating func drop(_ reference: Reference) {
        guard let index = stored[reference.key]?.firstIndex(where: { $0.record.provider == reference.provider }) else {
            return
        }
        stored[reference.key]?.remove(at: index)
        if stored[reference.key]?.isEmpty == true { stored[reference.key] = nil }
        count -= 1
    }

    private static func isLive(
        _ reference: Reference, _ receipt: OriginLedger<Reference>.Receipt, in stored: [[UInt8]: [Stored]]
    ) -> Bool {
        stored[reference.key]?.contains { $0.receipt == receipt } == true
    }
}
