import LibP2PCore
import LibP2PIdentity
import Synchronization

/// The provider and value records of one DHT, for all event loops.
///
/// Each call holds the lock for a few dictionary look-ups, which costs less than a hop to another loop would.
public final class KademliaRecords: Sendable {
    private struct Stores {
        var providers: ProviderStore
        var values: ValueStore
    }

    private let stores: Mutex<Stores>
    private let journal: (any RecordJournal)?

    /// Empty stores.
    ///
    /// - Parameter journal: where changes are kept, if anywhere.
    public init(providers: ProviderLimits = .init(), values: ValueLimits = .init(), journal: (any RecordJournal)? = nil)
    {
        stores = Mutex(Stores(providers: ProviderStore(limits: providers), values: ValueStore(limits: values)))
        self.journal = journal
    }

    /// How many provider records there are.
    public var providerCount: Int { stores.withLock { $0.providers.count } }

    /// How many keys have a provider record.
    public var providedKeyCount: Int { stores.withLock { $0.providers.keyCount } }

    /// How many values there are.
    public var valueCount: Int { stores.withLock { $0.values.count } }

    /// The bytes of all values and their keys.
    public var valueBytes: Int { stores.withLock { $0.values.bytes } }

    /// Takes in what a journal kept; expired records are dropped, in the journal too.
    func restore(_ contents: JournalContents, now: Timestamp) {
        for record in contents.providers.sorted(by: { $0.received < $1.received }) {
            let origin = record.addresses.lazy.compactMap { AddressGroup($0) }.first
            let evicted = stores.withLock { $0.providers.add(record, origin: origin) }
            for reference in evicted { journal?.remove(reference) }
        }
        for record in contents.values.sorted(by: { $0.received < $1.received }) {
            let evicted = stores.withLock { $0.values.put(record, origin: nil) }
            for key in evicted { journal?.removeValue(key) }
        }
        removeExpired(now: now)
    }

    /// Adds or renews a provider record.
    func add(_ record: ProviderRecord, origin: AddressGroup?) {
        let evicted = stores.withLock { $0.providers.add(record, origin: origin) }
        for reference in evicted { journal?.remove(reference) }
        journal?.save(record)
    }

    /// Takes back a provider record.
    func remove(_ reference: ProviderStore.Reference) {
        stores.withLock { $0.providers.remove(reference) }
        journal?.remove(reference)
    }

    /// The providers of a key, the latest first.
    func providers(of key: [UInt8], now: Timestamp) -> [ProviderRecord] {
        stores.withLock { $0.providers.providers(of: key, now: now) }
    }

    /// What a peer provides.
    func keys(providedBy peer: PeerID) -> [[UInt8]] {
        stores.withLock { $0.providers.keys(providedBy: peer) }
    }

    /// The value of a key.
    func value(of key: [UInt8], now: Timestamp) -> ValueRecord? {
        stores.withLock { $0.values.value(of: key, now: now) }
    }

    /// Stores a value that was validated, unless the one held is better.
    ///
    /// - Throws: ``KademliaError`` with code ``KademliaError/Code/outdatedRecord``.
    func put(_ record: ValueRecord, origin: AddressGroup?, namespaces: RecordNamespaces) throws(KademliaError) {
        // Chosen and stored under one lock, or two writers could each find theirs the better one.
        let outcome = stores.withLock { stores -> Result<[[UInt8]], KademliaError> in
            do throws(KademliaError) {
                if let held = stores.values.value(of: record.key, now: record.received), held.value != record.value {
                    guard try namespaces.isBetter(record.value, than: held.value, key: record.key) else {
                        throw KademliaError(.outdatedRecord, "a better value of this key is held already")
                    }
                }
                return .success(stores.values.put(record, origin: origin))
            } catch {
                return .failure(error)
            }
        }
        let evicted = try outcome.get()
        for key in evicted { journal?.removeValue(key) }
        // A value that alone is larger than the store gave way itself.
        if !evicted.contains(record.key) { journal?.save(record) }
    }

    /// Removes what is too old.
    func removeExpired(now: Timestamp) {
        let (references, keys) = stores.withLock {
            ($0.providers.removeExpired(now: now), $0.values.removeExpired(now: now))
        }
        for reference in references { journal?.remove(reference) }
        for key in keys { journal?.removeValue(key) }
    }
}
