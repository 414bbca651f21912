import LibP2PIdentity
public import LibP2PRelay
public import Multiformats

/// What a node's relay gives away, and to whom.
public struct RelayConfiguration: Sendable {
    /// Reservations in all.
    public var reservations = NodeLimit(default: Settings.relayMaxReservations)

    /// Reservations of peers at one IP address.
    public var reservationsPerIP = NodeLimit(default: Settings.relayMaxReservationsPerIP)

    /// Reservations of peers in one network.
    public var reservationsPerSubnet = NodeLimit(default: Settings.relayMaxReservationsPerSubnet)

    /// How long a reservation lasts unless it is renewed.
    public var reservationTime = Settings.relayReservationTime.defaultValue

    /// Circuits in all.
    public var circuits = NodeLimit(default: Settings.relayMaxCircuits)

    /// Circuits that one peer may be part of.
    public var circuitsPerPeer = NodeLimit(default: Settings.relayMaxCircuitsPerPeer)

    /// Circuits opened from one IP address.
    public var circuitsPerIP = NodeLimit(default: Settings.relayMaxCircuitsPerIP)

    /// Circuits opened from one network.
    public var circuitsPerSubnet = NodeLimit(default: Settings.relayMaxCircuitsPerSubnet)

    /// How long a circuit may last; zero is unlimited.
    public var duration = Settings.relayMaxDuration.defaultValue

    /// Bytes that a circuit may carry in each direction.
    public var data = NodeLimit(default: Settings.relayMaxData)

    /// Bytes a second that a circuit may carry in each direction.
    public var rate = NodeLimit(default: Settings.relayMaxRate)

    /// Who may use the relay.
    public var access = RelayAccess()

    /// When the node publishes in the DHT that it relays; nil for never.
    public var advertising: RelayAdvertiser.Schedule? = RelayAdvertiser.Schedule()

    /// Relays through which this node is reached, with their ids; none where it can be dialled.
    public var relays = Settings.relayClient.defaultValue

    /// At how many of ``relays`` the node holds a place.
    public var places = NodeLimit(default: Settings.relayClientPlaces)

    /// The defaults.
    public init() {}

    /// What `settings` say.
    init(_ settings: ResolvedSettings) throws(NodeError) {
        for (setting, limit) in Self.bySetting { self[keyPath: limit] = try settings.limit(setting) }
        reservationTime = try settings.value(Settings.relayReservationTime)
        duration = try settings.value(Settings.relayMaxDuration)
        access.allowedReservers = Set(try settings.value(Settings.relayAllow))
        access.deniedSources = Set(try settings.value(Settings.relayDeny))
        access.allowedTargets = Set(try settings.value(Settings.relayAllowTarget))
        access.deniedTargets = Set(try settings.value(Settings.relayDenyTarget))
        relays = try settings.value(Settings.relayClient)
        if let address = relays.first(where: { $0.peerID == nil || $0.isCircuit }) {
            throw NodeError(
                .configuration,
                "\(address) is no relay's address: relay.client takes addresses that end in /p2p/ and an id")
        }
        let interval = try settings.value(Settings.relayAdvertiseInterval)
        advertising =
            interval == .zero
            ? nil : .init(bootDelay: try settings.value(Settings.relayAdvertiseDelay), interval: interval)
    }

    /// Which setting says which count: for reading them, and for showing them in the metrics.
    static var bySetting: [(setting: Setting<Int>, limit: WritableKeyPath<RelayConfiguration, NodeLimit>)] {
        [
            (Settings.relayMaxReservations, \.reservations),
            (Settings.relayMaxReservationsPerIP, \.reservationsPerIP),
            (Settings.relayMaxReservationsPerSubnet, \.reservationsPerSubnet),
            (Settings.relayMaxCircuits, \.circuits),
            (Settings.relayMaxCircuitsPerPeer, \.circuitsPerPeer),
            (Settings.relayMaxCircuitsPerIP, \.circuitsPerIP),
            (Settings.relayMaxCircuitsPerSubnet, \.circuitsPerSubnet),
            (Settings.relayMaxData, \.data),
            (Settings.relayMaxRate, \.rate),
            (Settings.relayClientPlaces, \.places),
        ]
    }

    /// What the client side keeps; nil when no relays are given.
    var client: AutoRelay.Configuration? {
        guard !relays.isEmpty else { return nil }
        var client = AutoRelay.Configuration(relays: relays)
        client.wanted = places.value ?? relays.count
        client.asksOthers = false
        return client
    }

    /// The limits as the relay server takes them.
    var limits: RelayLimits {
        func address(_ limit: NodeLimit) -> AddressLimit {
            AddressLimit(limit.orZero, isExplicit: limit.isExplicit)
        }
        var limits = RelayLimits()
        limits.reservations = reservations.orZero
        limits.reservationsPerIP = address(reservationsPerIP)
        limits.reservationsPerSubnet = address(reservationsPerSubnet)
        limits.reservationLifetime = reservationTime
        limits.circuits = circuits.orZero
        limits.circuitsPerPeer = circuitsPerPeer.orZero
        limits.circuitsPerIP = address(circuitsPerIP)
        limits.circuitsPerSubnet = address(circuitsPerSubnet)
        limits.circuit = CircuitBounds(
            duration: duration, bytes: UInt64(data.orZero), bytesPerSecond: rate.orZero)
        return limits
    }
}
