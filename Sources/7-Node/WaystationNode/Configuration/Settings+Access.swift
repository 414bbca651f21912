import LibP2PHost
import LibP2PIdentity
import Multiformats

// Who may connect.
extension Settings {
    static let accessDeny: Setting<[AccessEntry]> = Setting(
        "access.deny", .list(of: .accessEntry), default: [], "nobody",
        help:
            "peers and networks that may not connect and are not dialled, as a peer id, `192.0.2.7` or `2001:db8::/32`")

    static let accessAllow: Setting<[PeerID]> = Setting(
        "access.allow", .list(of: .peerID), default: [], "everybody",
        help: "the only peers that may connect and are dialled; one that is denied too is refused")

    static let accessSpare: Setting<[IPPrefix]> = Setting(
        "access.spare", .list(of: .network), default: [], "none",
        help: "networks that the limits on connections per IP and network do not hold for, as one's own")

    static let accessProxies: Setting<[IPPrefix]> = Setting(
        "access.proxy", .list(of: .network), default: [], "none",
        help: "networks of the proxies in front of the front door, whose `X-Forwarded-For` says who asks")

    static let access: [any SettingDefinition] = [accessDeny, accessAllow, accessSpare, accessProxies]
}

extension AccessList {
    /// The lists that `settings` say.
    init(_ settings: ResolvedSettings) throws(NodeError) {
        self.init()
        for entry in try settings.value(Settings.accessDeny) {
            switch entry {
            case .peer(let peer): deniedPeers.insert(peer)
            case .network(let network): deniedNetworks.append(network)
            }
        }
        allowedPeers = Set(try settings.value(Settings.accessAllow))
        allowedNetworks = try settings.value(Settings.accessSpare)
    }
}

/// Whom an entry of the deny list means.
enum AccessEntry: Hashable, Sendable {
    case peer(PeerID)
    case network(IPPrefix)
}

extension SettingKind where Value == AccessEntry {
    /// A peer id, an IP address or a network.
    static var accessEntry: SettingKind {
        SettingKind("PEER/NETWORK") { text in
            if let network = IPPrefix(text) { return .network(network) }
            guard let peer = try? PeerID(text) else {
                throw UnreadableValue("write a peer id, or a network as 192.0.2.7 or 2001:db8::/32")
            }
            return .peer(peer)
        }
    }
}

extension SettingKind where Value == IPPrefix {
    /// An IP address or a network.
    static var network: SettingKind {
        SettingKind("NETWORK") { text in
            guard let network = IPPrefix(text) else {
                throw UnreadableValue("write a network as 192.0.2.0/24 or 2001:db8::/32")
            }
            return network
        }
    }
}
