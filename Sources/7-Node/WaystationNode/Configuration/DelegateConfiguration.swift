public import DelegatedRouting
public import LibP2PIdentity
import NodeStorage

/// What a node's delegate answers, and to whom.
public struct DelegateConfiguration: Sendable {
    /// Requests a second from one IP address.
    public var requestsPerIP = NodeLimit(default: Settings.delegateMaxRequestsPerIP)

    /// Requests at once from one IP address.
    public var requestBurstPerIP = NodeLimit(default: Settings.delegateMaxRequestBurstPerIP)

    /// Searches under way.
    public var searches = NodeLimit(default: Settings.delegateMaxSearches)

    /// How long what was found is answered from memory.
    public var cacheTime = Settings.delegateCacheTime.defaultValue

    /// Bytes of blocks that are kept on disk.
    public var blockBytes = NodeLimit(default: Settings.delegateBlockCache)

    /// How long a block is kept.
    public var blockAge = Settings.delegateBlockAge.defaultValue

    /// What must be said for what publishes or dials.
    public var token: String?

    /// Who may do it without saying so, but by proving who they are; with no token and no peers here, anybody may.
    public var allowedPeers: [PeerID] = []

    /// What clients may not have this node do.
    public var forbidden: Set<DelegateCall> = []

    /// Origins of the pages that may use the RPC; empty for any.
    public var allowedOrigins: [String] = []

    /// Other delegates that are asked beside the own DHT.
    public var upstreams: [UpstreamURL] = []

    /// How long one of them may take for an answer.
    public var upstreamTimeout = Settings.delegateUpstreamTimeout.defaultValue

    /// The defaults.
    public init() {}

    /// What `settings` say.
    init(_ settings: ResolvedSettings) throws(NodeError) {
        for (setting, limit) in Self.bySetting { self[keyPath: limit] = try settings.limit(setting) }
        cacheTime = try settings.value(Settings.delegateCacheTime)
        blockAge = try settings.value(Settings.delegateBlockAge)
        token = try settings.value(Settings.delegateToken)
        allowedPeers = try settings.value(Settings.delegateAllowPeer)
        forbidden = Set(try settings.value(Settings.delegateForbid))
        allowedOrigins = try settings.value(Settings.delegateAllowedOrigin)
        upstreams = try settings.value(Settings.delegateUpstream)
        upstreamTimeout = try settings.value(Settings.delegateUpstreamTimeout)
    }

    /// Which setting says which count: for reading them, and for showing them in the metrics.
    static var bySetting: [(setting: Setting<Int>, limit: WritableKeyPath<DelegateConfiguration, NodeLimit>)] {
        [
            (Settings.delegateMaxRequestsPerIP, \.requestsPerIP),
            (Settings.delegateMaxRequestBurstPerIP, \.requestBurstPerIP),
            (Settings.delegateMaxSearches, \.searches),
            (Settings.delegateBlockCache, \.blockBytes),
        ]
    }

    /// What the two APIs allow.
    var settings: DelegateSettings {
        var settings = DelegateSettings()
        settings.token = token
        settings.allowsConnect = !forbidden.contains(.connect)
        settings.allowsProvide = !forbidden.contains(.provide)
        settings.allowsPut = !forbidden.contains(.put)
        settings.allowedOrigins = allowedOrigins.isEmpty ? nil : Set(allowedOrigins)
        return settings
    }

    /// What is remembered of what was found.
    var cache: CachingRouter.Limits {
        var limits = CachingRouter.Limits()
        limits.searches = searches.orMax
        limits.freshness = cacheTime
        limits.emptiness = min(limits.emptiness, cacheTime)
        return limits
    }

    /// How other delegates are asked.
    var upstreamSettings: Upstream.Settings {
        var settings = Upstream.Settings()
        // No longer than the client waits, which is also what 0 comes to.
        let longest = DelegateSettings().deadline
        settings.timeLimit = upstreamTimeout > .zero ? min(upstreamTimeout, longest) : longest
        return settings
    }

    /// What is kept of clients' blocks.
    var blocks: DiskBlockStore.Limits { DiskBlockStore.Limits(bytes: blockBytes.orMax, age: blockAge) }
}

/// What the delegate's clients may have the node do beside answering.
public enum DelegateCall: String, CaseIterable, Sendable {
    /// Connect to peers: `swarm/connect`.
    case connect
    /// Provide their blocks: `dht/provide` and `routing/provide`, and `refs`, which is then served without it.
    case provide
    /// Publish their records: `dht/put`, `routing/put` and `PUT /routing/v1/ipns`.
    case put
}
