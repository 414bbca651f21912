import LibP2PKademlia

// What each DHT of the node may hold. The defaults are those of the DHT.
extension Settings {
    static let dhtMaxProviderRecords = Setting.limit(
        "dht.maxProviderRecords", default: ProviderLimits().records,
        help: "provider records in all; the address block that brought most gives way")

    static let dhtMaxProvidersPerKey = Setting.limit(
        "dht.maxProvidersPerKey", default: ProviderLimits().recordsPerKey,
        help: "provider records of one key; the oldest gives way")

    static let dhtMaxValues = Setting.limit(
        "dht.maxValues", default: ValueLimits().records,
        help: "value records in all; the address block that brought most gives way")

    static let dhtMaxValueBytes = Setting.sizeLimit(
        "dht.maxValueBytes", default: ValueLimits().bytes, "128MiB", help: "bytes of all value records and their keys")

    static let dhtMaxPeersPerGroup = Setting.limit(
        "dht.maxPeersPerGroup", default: RoutingLimits().peersPerGroup,
        help: "peers of one address block (/16 for IPv4, /32 for IPv6) in a routing table")

    static let dhtMaxPeersPerGroupInBucket = Setting.limit(
        "dht.maxPeersPerGroupInBucket", default: RoutingLimits().peersPerGroupInBucket,
        help: "peers of one address block in one bucket of a routing table")

    static let dhtMaxChecks = Setting.limit(
        "dht.maxChecks", default: KademliaConfiguration().checksAtOnce,
        help: "peers that are asked at a time whether they live, before they come into a routing table")

    static let dhtMaxWaitingChecks = Setting.limit(
        "dht.maxWaitingChecks", default: KademliaConfiguration().checksWaiting,
        help: "peers that wait to be asked so; more are passed over until they show up again")

    static let dhtMaxStreamsPerConnection = Setting.limit(
        "dht.maxStreamsPerConnection", default: KademliaConfiguration().streamsPerConnection ?? 0,
        help: "DHT streams that a peer may hold open on one connection")

    static let dht: [any SettingDefinition] = [
        dhtMaxProviderRecords, dhtMaxProvidersPerKey, dhtMaxValues, dhtMaxValueBytes, dhtMaxPeersPerGroup,
        dhtMaxPeersPerGroupInBucket, dhtMaxChecks, dhtMaxWaitingChecks, dhtMaxStreamsPerConnection,
    ]
}
