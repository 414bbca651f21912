/// What a node may hold, and what of it a single address, peer or connection may take.
public struct NodeLimits: Sendable {
    /// libp2p connections in all.
    public var connections = NodeLimit(default: Settings.limitsConnections)

    /// libp2p connections of one IP address.
    public var connectionsPerIP = NodeLimit(default: Settings.limitsConnectionsPerIP)

    /// libp2p connections of one network.
    public var connectionsPerSubnet = NodeLimit(default: Settings.limitsConnectionsPerSubnet)

    /// libp2p connections of one peer.
    public var connectionsPerPeer = NodeLimit(default: Settings.limitsConnectionsPerPeer)

    /// New libp2p connections a second of one IP address.
    public var connectionRatePerIP = NodeLimit(default: Settings.limitsConnectionRatePerIP)

    /// New libp2p connections of one IP address at once.
    public var connectionBurstPerIP = NodeLimit(default: Settings.limitsConnectionBurstPerIP)

    /// Inbound handshakes under way.
    public var handshakes = NodeLimit(default: Settings.limitsHandshakes)

    /// From a connection's first byte to its readiness; 0 is unlimited.
    public var handshakeTime = Settings.limitsHandshakeTime.defaultValue

    /// Streams that a peer may hold open on one connection.
    public var streamsPerConnection = NodeLimit(default: Settings.limitsStreamsPerConnection)

    /// Inbound streams of one protocol in the whole node.
    public var streamsPerProtocol = NodeLimit(default: Settings.limitsStreamsPerProtocol)

    /// Bytes that all streams of the node may hold unread together.
    public var streamBuffers = NodeLimit(default: Settings.limitsStreamBuffers)

    /// Peers in the peer store.
    public var knownPeers = NodeLimit(default: Settings.limitsKnownPeers)

    /// Changes that may wait for the disk.
    public var pendingChanges = NodeLimit(default: Settings.limitsPendingChanges)

    /// Connections to the front door in all.
    public var httpConnections = NodeLimit(default: Settings.limitsHTTPConnections)

    /// Connections to the front door of one IP address.
    public var httpConnectionsPerIP = NodeLimit(default: Settings.limitsHTTPConnectionsPerIP)

    /// What each DHT may hold.
    public var dht = DHTLimits()

    /// Registrations at the rendezvous server.
    public var registrations = NodeLimit(default: Settings.rendezvousMaxRegistrations)

    /// Registrations of one peer there.
    public var registrationsPerPeer = NodeLimit(default: Settings.rendezvousMaxRegistrationsPerPeer)

    /// Bytes of all registrations there.
    public var registrationBytes = NodeLimit(default: Settings.rendezvousMaxMemory)

    /// Connections of one IP address to a shared port that have not said yet what they are: as many as may be of both kinds.
    var silentConnectionsPerIP: Int {
        let (sum, overflow) = connectionsPerIP.orMax.addingReportingOverflow(httpConnectionsPerIP.orMax)
        return overflow ? .max : sum
    }

    /// The defaults.
    public init() {}

    /// The limits that `settings` say.
    init(_ settings: ResolvedSettings) throws(NodeError) {
        for (setting, limit) in Self.bySetting { self[keyPath: limit] = try settings.limit(setting) }
        handshakeTime = try settings.value(Settings.limitsHandshakeTime)
    }

    /// Which setting says which count: for reading them, and for showing them in the metrics.
    static var bySetting: [(setting: Setting<Int>, limit: WritableKeyPath<NodeLimits, NodeLimit>)] {
        [
            (Settings.limitsConnections, \.connections),
            (Settings.limitsConnectionsPerIP, \.connectionsPerIP),
            (Settings.limitsConnectionsPerSubnet, \.connectionsPerSubnet),
            (Settings.limitsConnectionsPerPeer, \.connectionsPerPeer),
            (Settings.limitsConnectionRatePerIP, \.connectionRatePerIP),
            (Settings.limitsConnectionBurstPerIP, \.connectionBurstPerIP),
            (Settings.limitsHandshakes, \.handshakes),
            (Settings.limitsStreamsPerConnection, \.streamsPerConnection),
            (Settings.limitsStreamsPerProtocol, \.streamsPerProtocol),
            (Settings.limitsStreamBuffers, \.streamBuffers),
            (Settings.limitsKnownPeers, \.knownPeers),
            (Settings.limitsPendingChanges, \.pendingChanges),
            (Settings.limitsHTTPConnections, \.httpConnections),
            (Settings.limitsHTTPConnectionsPerIP, \.httpConnectionsPerIP),
            (Settings.dhtMaxProviderRecords, \.dht.providerRecords),
            (Settings.dhtMaxProvidersPerKey, \.dht.providersPerKey),
            (Settings.dhtMaxValues, \.dht.values),
            (Settings.dhtMaxValueBytes, \.dht.valueBytes),
            (Settings.dhtMaxPeersPerGroup, \.dht.peersPerGroup),
            (Settings.dhtMaxPeersPerGroupInBucket, \.dht.peersPerGroupInBucket),
            (Settings.dhtMaxChecks, \.dht.checks),
            (Settings.dhtMaxWaitingChecks, \.dht.waitingChecks),
            (Settings.dhtMaxStreamsPerConnection, \.dht.streamsPerConnection),
            (Settings.rendezvousMaxRegistrations, \.registrations),
            (Settings.rendezvousMaxRegistrationsPerPeer, \.registrationsPerPeer),
            (Settings.rendezvousMaxMemory, \.registrationBytes),
        ]
    }
}
