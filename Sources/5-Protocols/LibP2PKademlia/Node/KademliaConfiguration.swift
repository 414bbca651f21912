public import LibP2PCore
public import Multiformats

/// The settings of one DHT.
public struct KademliaConfiguration: Sendable {
    /// Whether a node answers for the network or only asks it.
    ///
    /// Nodes that others can reach should be servers, those behind NAT must be clients. A DHT can't tell which it is on:
    /// choose by what is known of the machine, or begin as a client and call ``KademliaDHT/setMode(_:)`` whenever
    /// AutoNAT or the operator says otherwise.
    public enum Mode: Sendable, Hashable {
        /// Serves the protocol and is listed in others' tables. `waystation run` is one always, as a bootstrap node
        /// must be, unless its bootstrap service is switched off.
        case server
        /// Asks only: does not serve the protocol and so does not advertise it.
        case client
    }

    /// The protocol's id, which names the network: peers of different ids don't meet.
    public var protocolID: ProtocolID
    /// Server or client, at the start.
    public var mode: Mode
    /// Peers to join through.
    public var bootstrap: [Multiaddr]
    /// Record namespaces accepted without a validator, for laboratories.
    public var openNamespaces: [String] = []
    /// Bounds of the routing table.
    public var routing = RoutingLimits()
    /// Parameters of lookups.
    public var lookup = LookupLimits()
    /// Bounds of the provider records.
    public var providers = ProviderLimits()
    /// Bounds of the values.
    public var values = ValueLimits()

    /// How long a request may take (go-libp2p-kad-dht: 10 s).
    public var requestTimeout = Duration.seconds(10)
    /// How long a lookup may take.
    public var lookupTimeout = Duration.seconds(60)
    /// How often the table is refreshed by lookups, and silent peers are asked whether they live.
    public var refreshInterval = Duration.seconds(600)
    /// How often what this node provides is told anew (Amino: 22 h).
    public var republishInterval = Duration.seconds(22 * 3_600)
    /// How often it is looked for what is to be told: what nobody could be told yet, and what is due again.
    public var announceInterval = Duration.seconds(30)
    /// How often expired records are swept out.
    public var sweepInterval = Duration.seconds(3_600)
    /// How soon a node with too few peers tries its bootstrap peers again.
    public var rejoinInterval = Duration.seconds(30)
    /// With fewer peers than this a node tries its bootstrap peers again.
    public var fewPeers = 4
    /// Streams a peer may hold open on one connection; nil is unlimited. go-libp2p keeps one, a busy client a dozen or
    /// two.
    public var streamsPerConnection: Int? = 128
    /// Peers whose liveness is checked at a time (go-libp2p-kad-dht: 256).
    public var checksAtOnce = 256
    /// Peers that wait for such a check; more are passed over until they show up again.
    public var checksWaiting = 1_024
    /// Answers wanted for a value before the best of them counts (kubo: 16).
    public var quorum = 16
    /// Keys that this node may provide itself.
    public var providedKeys = 100_000
    /// Keys whose values a node puts again and again, at most.
    public var publishedValues = 10_000

    /// Settings of the public network, with the protocol and mode given.
    public init(protocolID: ProtocolID = "/ipfs/kad/1.0.0", mode: Mode = .server, bootstrap: [Multiaddr] = []) {
        self.protocolID = protocolID
        self.mode = mode
        self.bootstrap = bootstrap
    }
}
