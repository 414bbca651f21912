import Multiformats

/// Every setting of a node, each defined once: the flags of `run`, the names in the environment, the keys of the
/// configuration file, help and documentation all follow from this table.
public enum Settings {
    /// What the names in the environment begin with.
    static let environmentPrefix = "WAYSTATION"

    static let config: Setting<String?> = Setting(
        "config", .optional(.file), default: nil, "none",
        help: "the configuration file, in YAML", isAllowedInFile: false)

    static let dataDir: Setting<String?> = Setting(
        "dataDir", .optional(.folder), default: nil, "`$XDG_DATA_HOME/waystation`, else `~/.local/share/waystation`",
        help: "the folder of identity and databases; one process at a time uses it")

    static let identity: Setting<String?> = Setting(
        "identity", .optional(.file), default: nil, "`identity.key` in the data folder",
        help: "the private key: protobuf (raw or base64) or js `peer-id` JSON; made when it is missing")

    static let listen: Setting<[Multiaddr]> = Setting(
        "listen", .list(of: .multiaddr), default: defaultListen,
        defaultListenTexts.map { "`\($0)`" }.joined(separator: ", "),
        help: "where libp2p listens; port 0 picks one; an address over TLS (`…/tls/ws`) says the same as `https`, and "
            + "`…/tls/sni/*.libp2p.direct/ws` the same as that and `autoTls`")

    static let announce: Setting<[Multiaddr]> = Setting(
        "announce", .list(of: .multiaddr), default: [], "none",
        help: "the addresses to tell others instead of the listeners'")

    static let http: Setting<HostAndPort?> = Setting(
        "http", .hostAndPortOrOff, default: HostAndPort(host: "0.0.0.0", port: 8080), "`0.0.0.0:8080`",
        help: "the front door: a page, and libp2p over WebSocket; `off` closes it")

    static let sharePort: Setting<Bool> = Setting(
        "sharePort", .toggle, default: false, "off",
        help: "the front door on the TCP ports of `listen`, plain and over TLS: one open port is enough; "
            + "`http` and `https` open ports of their own then only where they are set")

    static let admin: Setting<HostAndPort?> = Setting(
        "admin", .hostAndPortOrOff, default: HostAndPort(host: "127.0.0.1", port: 8003), "`127.0.0.1:8003`",
        help: "health, metrics and the admin API; keep it on loopback; `off` closes it")

    static let bootstrap: Setting<[BootstrapPeer]> = Setting(
        "bootstrap", .list(of: .bootstrapPeer), default: [], "none: the node is the root of its own network",
        help: "the peers to join through, with their `/p2p/` ids; `amino` stands for the public IPFS network")

    static let dhtProtocol: Setting<[String]> = Setting(
        "dhtProtocol", .list(of: .protocolID), default: ["/ipfs/kad/1.0.0"], "`/ipfs/kad/1.0.0`",
        help: "the protocol ids to serve a DHT on, one DHT for each")

    static let dhtNamespace: Setting<[String]> = Setting(
        "dhtNamespace", .list(of: .name), default: [], "none",
        help: "record namespaces that are accepted without a validator, for labs")

    static let allowPrivateAddresses: Setting<Bool> = Setting(
        "allowPrivateAddresses", .toggle, default: false, "off",
        help: "for a lab or LAN: private addresses count as reachable, and are spared default limits per IP")

    static let disable: Setting<[NodeService]> = Setting(
        "disable", .list(of: .oneOf("SERVICE")), default: [], "none",
        help: "services to leave out: " + NodeService.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "))

    static let psk: Setting<String?> = Setting(
        "psk", .optional(.file), default: nil, "none",
        help: "the key of a private network: only peers with the same file can connect")

    static let dnsServer: Setting<HostAndPort?> = Setting(
        "dnsServer", .optional(.hostAndPort), default: nil, "the system's",
        help: "the resolver for `/dns` and `/dnsaddr` addresses")

    static let plain: Setting<Bool> = Setting(
        "plain", .toggle, default: false, "off, on where standard output is not a terminal",
        help: "plain lines on standard output instead of the banner")

    static let logLevel: Setting<LogLevel> = Setting(
        "log.level", .oneOf("LEVEL"), default: .info, "`info`",
        help: "what is logged on standard error: "
            + LogLevel.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "))

    static let logFormat: Setting<LogFormat> = Setting(
        "log.format", .oneOf("FORMAT"), default: .auto, "`auto`",
        help: "`text`, `logfmt` or `json`; `auto` is text on a terminal and logfmt elsewhere")

    /// All settings, in the order of the documentation.
    public static let all: [any SettingDefinition] =
        general + access + limits + dht + relay + rendezvous + pubsub + star + delegate + tls + acme + auto + output

    private static let general: [any SettingDefinition] = [
        dataDir, config, identity, listen, announce, http, https, sharePort, admin, bootstrap, dhtProtocol,
        dhtNamespace,
        allowPrivateAddresses, disable, psk, dnsServer,
    ]

    private static let output: [any SettingDefinition] = [plain, logLevel, logFormat]

    private static let defaultListenTexts = ["/ip4/0.0.0.0/tcp/4001", "/ip6/::/tcp/4001"]

    /// A default that cannot be read would be a slip in the table, which a test finds.
    private static let defaultListen = defaultListenTexts.compactMap { try? Multiaddr($0) }
}
