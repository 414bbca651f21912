import Certificates
public import LibP2PHost
public import Multiformats

/// Everything a node needs to know to start: plain values, from settings or made by an embedder.
public struct NodeConfiguration: Sendable {
    /// The folder of identity and databases.
    public var dataFolder: String

    /// The private key's file; `nil` for `identity.key` in the data folder.
    public var identityFile: String?

    /// Where libp2p listens. The front door over TLS is not among these: see ``tls``.
    public var listen = Settings.listen.defaultValue

    /// The addresses to tell others instead of the listeners'.
    public var announce = Settings.announce.defaultValue

    /// The front door, or `nil` to leave it closed.
    public var http = Settings.http.defaultValue

    /// Whether libp2p's TCP ports are the front door's too. Then it has ports of its own where they are asked for only.
    public var sharesPort = Settings.sharePort.defaultValue

    /// The admin server, or `nil` to leave it out.
    public var admin = Settings.admin.defaultValue

    /// The peers to join through.
    public var bootstrap = Settings.bootstrap.defaultValue

    /// The protocol ids to serve a DHT on.
    public var dhtProtocols = Settings.dhtProtocol.defaultValue

    /// Record namespaces that are accepted without a validator.
    public var dhtNamespaces = Settings.dhtNamespace.defaultValue

    /// Whether private addresses count as reachable.
    public var allowPrivateAddresses = Settings.allowPrivateAddresses.defaultValue

    /// The services to leave out.
    public var disabledServices: Set<NodeService> = []

    /// The key file of a private network.
    public var privateNetworkKeyFile: String?

    /// The resolver for DNS addresses; `nil` for the system's.
    public var dnsServer = Settings.dnsServer.defaultValue

    /// What the node may hold.
    public var limits = NodeLimits()

    /// Who may connect.
    public var access = AccessList()

    /// Proxies that may say for whom they ask.
    public var proxies: [IPPrefix] = []

    /// What the relay gives away.
    public var relay = RelayConfiguration()

    /// With which certificates the front door speaks TLS.
    public var tls = TLSConfiguration()

    /// From whom certificates are obtained, where none are given in files.
    public var acme = ACMEConfiguration()

    /// Through whom a certificate for the peer's own names is obtained; nil to have none.
    public var autoTLS: AutoTLSConfiguration?

    /// What the star gives away.
    public var star = StarConfiguration()

    /// What the delegate answers.
    public var delegate = DelegateConfiguration()

    /// Topics that the node is a hub of.
    public var pubsubTopics = Settings.pubsubTopic.defaultValue

    /// Whether the node announces itself in them.
    public var announcesInTopics = Settings.pubsubAnnounce.defaultValue

    /// Peers that the hub serves at a time; 0 for any number.
    public var maxPubSubPeers = Settings.pubsubMaxPeers.defaultValue

    /// Whether standard output has plain lines even on a terminal.
    public var plain = Settings.plain.defaultValue

    /// What is logged.
    public var logLevel = Settings.logLevel.defaultValue

    /// How it is logged.
    public var logFormat = Settings.logFormat.defaultValue

    /// The defaults, with data in `dataFolder`.
    public init(dataFolder: String) {
        self.dataFolder = dataFolder
    }

    /// The configuration that `settings` say; paths are completed from `environment`.
    public init(_ settings: ResolvedSettings, environment: [String: String]) throws(NodeError) {
        func path(_ setting: Setting<String?>) throws(NodeError) -> String? {
            guard let path = try settings.value(setting) else { return nil }
            return HomeFolder.expand(path, environment: environment)
        }
        if let folder = try path(Settings.dataDir) {
            dataFolder = folder
        } else {
            dataFolder = try HomeFolder.defaultDataFolder(environment: environment)
        }
        identityFile = try path(Settings.identity)
        let door = try ListenedDoor(settings)
        listen = door.others
        announce = try settings.value(Settings.announce)
        sharesPort = try settings.value(Settings.sharePort)
        let isHTTPSet = try settings.isSet(Settings.http)
        http = sharesPort && !isHTTPSet ? nil : try settings.value(Settings.http)
        admin = try settings.value(Settings.admin)
        bootstrap = try settings.value(Settings.bootstrap)
        dhtProtocols = try settings.value(Settings.dhtProtocol)
        dhtNamespaces = try settings.value(Settings.dhtNamespace)
        allowPrivateAddresses = try settings.value(Settings.allowPrivateAddresses)
        disabledServices = Set(try settings.value(Settings.disable))
        privateNetworkKeyFile = try path(Settings.psk)
        if sharesPort, privateNetworkKeyFile != nil {
            throw NodeError(
                .configuration,
                "--share-port cannot be used with --psk: what a private network sends first looks like anything at all")
        }
        dnsServer = try settings.value(Settings.dnsServer)
        limits = try NodeLimits(settings)
        access = try AccessList(settings)
        proxies = try settings.value(Settings.accessProxies)
        relay = try RelayConfiguration(settings)
        tls = try TLSConfiguration(settings, listened: door)
        acme = try ACMEConfiguration(settings)
        if tls.isAutomatic { autoTLS = try AutoTLSConfiguration(settings) }
        guard acme.challenge != .http01 || orderedDomains.isEmpty || http != nil || sharesPort else {
            throw NodeError(
                .configuration,
                "--acme-challenge http-01 needs the plain front door, which --http off closes: open it, or use tls-alpn-01"
            )
        }
        star = try StarConfiguration(settings)
        delegate = try DelegateConfiguration(settings)
        pubsubTopics = try settings.value(Settings.pubsubTopic)
        announcesInTopics = try settings.value(Settings.pubsubAnnounce)
        maxPubSubPeers = try settings.value(Settings.pubsubMaxPeers)
        plain = try settings.value(Settings.plain)
        logLevel = try settings.value(Settings.logLevel)
        logFormat = try settings.value(Settings.logFormat)
    }
}

extension NodeConfiguration {
    /// The domains whose certificates are obtained from an authority: all, unless certificates are given in files.
    var orderedDomains: [String] { tls.files.isEmpty ? tls.domains : [] }

    /// Whether an IP address is spared the limits of HTTP connections for each address: private ones in a lab, and proxies,
    /// which ask for many.
    var sparesHTTPLimits: @Sendable (IPAddress) -> Bool {
        let sparesPrivate = allowPrivateAddresses && !limits.httpConnectionsPerIP.isExplicit
        let proxies = proxies
        return { address in sparesPrivate && !address.isPublic || proxies.contains { $0.contains(address) } }
    }
}
