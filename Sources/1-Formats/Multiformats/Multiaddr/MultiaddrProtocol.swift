/// The protocols that a multiaddr can name; the raw value is the code in multicodec's table
/// (https://github.com/multiformats/multiaddr, protocols.csv).
public enum MultiaddrProtocol: UInt64, CaseIterable, Hashable, Sendable, CustomStringConvertible {
    case ip4 = 4
    case tcp = 6
    case dccp = 33
    case ip6 = 41
    case ip6zone = 42
    case ipcidr = 43
    case dns = 53
    case dns4 = 54
    case dns6 = 55
    case dnsaddr = 56
    case sctp = 132
    case udp = 273
    case p2pWebRTCStar = 275
    case p2pWebRTCDirect = 276
    case p2pStardust = 277
    case webRTCDirect = 280
    case webRTC = 281
    case p2pCircuit = 290
    case udt = 301
    case utp = 302
    case unix = 400
    case p2p = 421
    case https = 443
    case onion = 444
    case onion3 = 445
    case garlic64 = 446
    case garlic32 = 447
    case tls = 448
    case sni = 449
    case noise = 454
    case quic = 460
    case quicV1 = 461
    case webTransport = 465
    case certhash = 466
    case ws = 477
    case wss = 478
    case p2pWebSocketStar = 479
    case http = 480
    case httpPath = 481
    case memory = 777

    /// The name in the text form.
    public var name: String { definition.name }

    /// What the value of a component of this protocol is.
    var form: MultiaddrValueForm { definition.form }

    /// The name.
    public var description: String { name }

    /// The protocol with this name; `ipfs` is the old name of `p2p`.
    public init?(name: some StringProtocol) {
        guard let found = Self.byName[String(name)] else { return nil }
        self = found
    }

    /// Whether js-libp2p of 2020 can read the protocol. That program throws a whole DHT response away when one address holds
    /// a code that it does not know. `memory` is left out although the code was known: its bytes have another form there.
    public var isCompatibleWith2020: Bool {
        switch self {
        case .ipcidr, .tls, .sni, .noise, .garlic32, .quicV1, .webTransport, .certhash, .webRTC, .webRTCDirect,
            .httpPath, .memory:
            false
        default: true
        }
    }

    private static let byName: [String: MultiaddrProtocol] = {
        var table = Dictionary(uniqueKeysWithValues: allCases.map { ($0.name, $0) })
        table["ipfs"] = .p2p
        return table
    }()

    private var definition: (name: String, form: MultiaddrValueForm) {
        switch self {
        case .ip4: ("ip4", .ip4)
        case .tcp: ("tcp", .port)
        case .dccp: ("dccp", .port)
        case .ip6: ("ip6", .ip6)
        case .ip6zone: ("ip6zone", .name)
        case .ipcidr: ("ipcidr", .prefixLength)
        case .dns: ("dns", .name)
        case .dns4: ("dns4", .name)
        case .dns6: ("dns6", .name)
        case .dnsaddr: ("dnsaddr", .name)
        case .sctp: ("sctp", .port)
        case .udp: ("udp", .port)
        case .p2pWebRTCStar: ("p2p-webrtc-star", .none)
        case .p2pWebRTCDirect: ("p2p-webrtc-direct", .none)
        case .p2pStardust: ("p2p-stardust", .none)
        case .webRTCDirect: ("webrtc-direct", .none)
        case .webRTC: ("webrtc", .none)
        case .p2pCircuit: ("p2p-circuit", .none)
        case .udt: ("udt", .none)
        case .utp: ("utp", .none)
        case .unix: ("unix", .path)
        case .p2p: ("p2p", .peer)
        case .https: ("https", .none)
        case .onion: ("onion", .onion(keyLength: 10))
        case .onion3: ("onion3", .onion(keyLength: 35))
        case .garlic64: ("garlic64", .garlic64)
        case .garlic32: ("garlic32", .garlic32)
        case .tls: ("tls", .none)
        case .sni: ("sni", .name)
        case .noise: ("noise", .none)
        case .quic: ("quic", .none)
        case .quicV1: ("quic-v1", .none)
        case .webTransport: ("webtransport", .none)
        case .certhash: ("certhash", .certhash)
        case .ws: ("ws", .none)
        case .wss: ("wss", .none)
        case .p2pWebSocketStar: ("p2p-websocket-star", .none)
        case .http: ("http", .none)
        case .httpPath: ("http-path", .httpPath)
        case .memory: ("memory", .number)
        }
    }
}
