import LibP2PBasics

/// The rendezvous server's view of the storage.
struct StoredRegistrations: RegistrationJournal {
    let storage: NodeStorage

    func save(_ registration: Registration) {
        storage.set(.registration(registration), for: .registration(registration.key))
    }

    func remove(_ key: Registration.Key) {
        storage.set(.removal, for: .registration(key))
    }

    func load() async throws -> [Registration] {
        try await storage.storedRegistrations()
    }
}
