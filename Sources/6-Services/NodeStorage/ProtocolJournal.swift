import LibP2PKademlia

/// One DHT's view of the storage.
struct ProtocolJournal: RecordJournal {
    let dht: String
    let storage: NodeStorage

    func save(_ record: ProviderRecord) {
        storage.set(.provider(record), for: .provider(dht: dht, key: record.key, peer: record.provider))
    }

    func remove(_ reference: ProviderStore.Reference) {
        storage.set(.removal, for: .provider(dht: dht, key: reference.key, peer: reference.provider))
    }

    func save(_ record: ValueRecord) {
        storage.set(.value(record), for: .value(dht: dht, key: record.key))
    }

    func removeValue(_ key: [UInt8]) {
        storage.set(.removal, for: .value(dht: dht, key: key))
    }

    func save(_ announcement: Announcement) {
        storage.set(.announcement(announcement), for: .announcement(dht: dht, announcement.reference))
    }

    func removeAnnouncement(_ reference: Announcement.Reference) {
        storage.set(.removal, for: .announcement(dht: dht, reference))
    }

    func save(_ peers: [RoutingPeer]) {
        storage.set(.routing(peers), for: .routing(dht: dht))
    }

    func load() async throws -> JournalContents {
        try await storage.contents(of: dht)
    }
}
