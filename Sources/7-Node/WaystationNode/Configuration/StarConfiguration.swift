public import Redis
import StarSignalling

/// What a node's star gives away.
public struct StarConfiguration: Sendable {
    /// The Redis that joins several nodes to one star; nil where there is only this one.
    public var redis: RedisURL?

    /// How often joined peers are told of one another again; zero for never.
    public var refresh = Settings.starRefresh.defaultValue

    /// Peers that may be joined at this node.
    public var peers = NodeLimit(default: Settings.starMaxPeers)

    /// Of how many others a peer is told at a time.
    public var refreshPeers = NodeLimit(default: Settings.starRefreshPeers)

    /// Sockets of one IP address.
    public var socketsPerIP = NodeLimit(default: Settings.starMaxSocketsPerIP)

    /// Joins a second from one IP address.
    public var joinsPerIP = NodeLimit(default: Settings.starMaxJoinsPerIP)

    /// Events a second on one socket.
    public var events = NodeLimit(default: Settings.starMaxEvents)

    /// Events at once on one socket.
    public var eventBurst = NodeLimit(default: Settings.starMaxEventBurst)

    /// Origins of the pages that may use it; empty for any.
    public var allowedOrigins: [String] = []

    /// The defaults.
    public init() {}

    /// What `settings` say.
    init(_ settings: ResolvedSettings) throws(NodeError) {
        for (setting, limit) in Self.bySetting { self[keyPath: limit] = try settings.limit(setting) }
        redis = try settings.value(Settings.starRedis)
        refresh = try settings.value(Settings.starRefresh)
        allowedOrigins = try settings.value(Settings.starAllowedOrigin)
    }

    /// Which setting says which count: for reading them, and for showing them in the metrics.
    static var bySetting: [(setting: Setting<Int>, limit: WritableKeyPath<StarConfiguration, NodeLimit>)] {
        [
            (Settings.starMaxPeers, \.peers),
            (Settings.starRefreshPeers, \.refreshPeers),
            (Settings.starMaxSocketsPerIP, \.socketsPerIP),
            (Settings.starMaxJoinsPerIP, \.joinsPerIP),
            (Settings.starMaxEvents, \.events),
            (Settings.starMaxEventBurst, \.eventBurst),
        ]
    }

    /// The limits as the star takes them.
    var limits: StarLimits {
        var limits = StarLimits()
        limits.peers = peers.orZero
        limits.socketsPerIP = StarAddressLimit(socketsPerIP.orZero, isExplicit: socketsPerIP.isExplicit)
        limits.joinsPerIP = StarAddressLimit(joinsPerIP.orZero, isExplicit: joinsPerIP.isExplicit)
        limits.eventsPerSecond = events.orZero
        limits.eventBurst = eventBurst.orZero
        return limits
    }
}
