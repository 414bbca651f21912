import LibP2PKademlia

/// What each DHT of a node may hold.
public struct DHTLimits: Sendable {
    /// Provider records in all.
    public var providerRecords = NodeLimit(default: Settings.dhtMaxProviderRecords)

    /// Provider records of one key.
    public var providersPerKey = NodeLimit(default: Settings.dhtMaxProvidersPerKey)

    /// Values in all.
    public var values = NodeLimit(default: Settings.dhtMaxValues)

    /// Bytes of all values and their keys.
    public var valueBytes = NodeLimit(default: Settings.dhtMaxValueBytes)

    /// Peers of one address block in the routing table.
    public var peersPerGroup = NodeLimit(default: Settings.dhtMaxPeersPerGroup)

    /// Peers of one address block in one bucket of it.
    public var peersPerGroupInBucket = NodeLimit(default: Settings.dhtMaxPeersPerGroupInBucket)

    /// Peers whose liveness is checked at a time.
    public var checks = NodeLimit(default: Settings.dhtMaxChecks)

    /// Peers that wait for such a check.
    public var waitingChecks = NodeLimit(default: Settings.dhtMaxWaitingChecks)

    /// Streams that a peer may hold open on one connection.
    public var streamsPerConnection = NodeLimit(default: Settings.dhtMaxStreamsPerConnection)

    /// The defaults.
    public init() {}

    /// Puts the limits into a DHT's configuration.
    ///
    /// - Parameter sparesPrivateAddresses: whether private addresses are spared the limits per address block that
    ///   nobody set.
    func apply(to configuration: inout KademliaConfiguration, sparesPrivateAddresses: Bool) {
        configuration.providers.records = providerRecords.orMax
        configuration.providers.recordsPerKey = providersPerKey.orMax
        configuration.values.records = values.orMax
        configuration.values.bytes = valueBytes.orMax
        configuration.routing.peersPerGroup = peersPerGroup.orZero
        configuration.routing.peersPerGroupInBucket = peersPerGroupInBucket.orZero
        configuration.checksAtOnce = checks.orMax
        configuration.checksWaiting = waitingChecks.orMax
        configuration.streamsPerConnection = streamsPerConnection.value
        guard sparesPrivateAddresses, peersPerGroup.isExplicit || peersPerGroupInBucket.isExplicit else { return }
        // An explicit bound holds for everybody; then the default one beside it has to go, or it would hold too.
        configuration.routing.countsPrivateGroups = true
        if !peersPerGroup.isExplicit { configuration.routing.peersPerGroup = 0 }
        if !peersPerGroupInBucket.isExplicit { configuration.routing.peersPerGroupInBucket = 0 }
    }
}
