/// Where registrations survive a restart.
///
/// The calls come from the network's path: they return at once and write later, in their order, from a bounded queue.
public protocol RegistrationJournal: Sendable {
    /// Keeps a registration in place of the one of the same key.
    func save(_ registration: Registration)

    /// Forgets a registration.
    func remove(_ key: Registration.Key)

    /// All that was kept, to start from; called once, before anything is saved.
    func load() async throws -> [Registration]
}
