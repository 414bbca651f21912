public import LibP2PCore

/// A value that was put into the DHT.
public struct ValueRecord: Sendable, Hashable {
    /// The record's key, namespace and all.
    public var key: [UInt8]
    /// The value, valid by the rules of its namespace when it was stored.
    public var value: [UInt8]
    /// When it came.
    public var received: Timestamp

    /// A record.
    public init(key: [UInt8], value: [UInt8], received: Timestamp) {
        self.key = key
        self.value = value
        self.received = received
    }
}

/// The bounds of a ``ValueStore``.
public struct ValueLimits: Sendable, Hashable {
    /// How long a value counts (Amino: 48 h).
    public var lifetime = Duration.seconds(48 * 3_600)
    /// Values in all.
    public var records = 100_000
    /// Bytes of all keys and values.
    public var bytes = 128 << 20

    /// The bounds of the public network.
    public init() {}
}

/// The values this node holds for the network, in memory and bounded. It takes what it is given: check records first.
public struct ValueStore: Sendable {
    private struct Stored {
        var record: ValueRecord
        var receipt: OriginLedger<[UInt8]>.Receipt
    }

    private let limits: ValueLimits
    private var stored: [[UInt8]: Stored] = [:]
    private var ledger = OriginLedger<[UInt8]>()

    /// The bytes of all keys and values.
    public private(set) var bytes = 0

    /// An empty store.
    public init(limits: ValueLimits = .init()) {
        self.limits = limits
    }

    /// How many values there are, expired ones that were not removed yet included.
    public var count: Int { stored.count }

    /// Stores a value in place of the one of the same key.
    ///
    /// - Parameter origin: the address block it came from; when the store is full, the block that holds most gives way.
    /// - Returns: the keys of the values that gave way; its own key when it alone is larger than the store.
    public mutating func put(_ record: ValueRecord, origin: AddressGroup?) -> [[UInt8]] {
        let size = Self.size(of: record)
        guard size <= limits.bytes, limits.records > 0 else { return [record.key] }
        remove(record.key)
        var evicted: [[UInt8]] = []
        while stored.count >= limits.records || bytes + size > limits.bytes {
            guard let key = ledger.takeFromLargest(isLive: { Self.isLive($0, $1, in: stored) }) else { break }
            drop(key)
            evicted.append(key)
        }
        let receipt = ledger.enter(record.key, origin: origin, at: record.received)
        stored[record.key] = Stored(record: record, receipt: receipt)
        bytes += size
        ledger.sweep(receipt) { Self.isLive($0, $1, in: stored) }
        return evicted
    }

    /// The value of a key, unless it is too old.
    public func value(of key: [UInt8], now: Timestamp) -> ValueRecord? {
        guard let record = stored[key]?.record, record.received + limits.lifetime > now else { return nil }
        return record
    }

    /// Removes a value.
    public mutating func remove(_ key: [UInt8]) {
        guard let old = stored[key] else { return }
        ledger.strike(old.receipt)
        drop(key)
    }

    /// Removes the expired values.
    ///
    /// - Returns: their keys.
    public mutating func removeExpired(now: Timestamp) -> [[UInt8]] {
        let limit = now - limits.lifetime
        let expired = ledger.takeEntered(before: limit) { Self.isLive($0, $1, in: stored) }
        for key in expired { drop(key) }
        return expired
    }

    private mutating func drop(_ key: [UInt8]) {
        guard let old = stored.removeValue(forKey: key) else { return }
        bytes -= Self.size(of: old.record)
    }

    private static func size(of record: ValueRecord) -> Int { record.key.count + record.value.count }

    private static func isLive(
        _ key: [UInt8], _ receipt: OriginLedger<[UInt8]>.Receipt, in stored: [[UInt8]: Stored]
    ) -> Bool {
        stored[key]?.receipt == receipt
    }
}
