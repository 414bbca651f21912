import LibP2PBasics

// What the rendezvous server may hold. The defaults are its own.
extension Settings {
    static let rendezvousMaxRegistrations = Setting.limit(
        "rendezvous.maxRegistrations", default: RegistrationLimits().total, help: "registrations in all")

    static let rendezvousMaxRegistrationsPerPeer = Setting.limit(
        "rendezvous.maxRegistrationsPerPeer", default: RegistrationLimits().perPeer, help: "registrations of one peer")

    static let rendezvousMaxMemory = Setting.sizeLimit(
        "rendezvous.maxMemory", default: RegistrationLimits().memory, "64MiB", help: "bytes of all registrations")

    static let rendezvous: [any SettingDefinition] = [
        rendezvousMaxRegistrations, rendezvousMaxRegistrationsPerPeer, rendezvousMaxMemory,
    ]
}
