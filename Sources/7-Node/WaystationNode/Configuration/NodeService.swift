import LibP2PIdentity
public import Multiformats

/// A service of the node that `--disable` leaves out.
public enum NodeService: String, CaseIterable, Sendable {
    case bootstrap, relay, star, delegate, rendezvous, pubsub, autonat
}

/// How much is logged, from most to least.
public enum LogLevel: String, CaseIterable, Sendable {
    case trace, debug, info, notice, warning, error, critical
}

/// How log lines are written.
public enum LogFormat: String, CaseIterable, Sendable {
    /// Text on a terminal, logfmt elsewhere.
    case auto
    /// Coloured lines for people.
    case text
    /// `key=value` pairs.
    case logfmt
    /// One JSON object a line.
    case json
}

/// A peer to join the network through.
public enum BootstrapPeer: Hashable, Sendable {
    /// The bootstrap peers of the public IPFS network.
    case amino
    /// A peer's address, which ends in its `/p2p/` id, or a `/dnsaddr` that resolves to such addresses.
    case address(Multiaddr)
}

extension SettingKind where Value == BootstrapPeer {
    /// A peer's address with its id, or `amino`.
    static var bootstrapPeer: SettingKind {
        SettingKind("MULTIADDR") { text in
            if text == "amino" { return .amino }
            let address: Multiaddr
            do {
                address = try Multiaddr(text)
            } catch {
                throw UnreadableValue("\(error)")
            }
            guard address.peerID != nil || text.hasPrefix("/dnsaddr/") else {
                throw UnreadableValue("the address of a bootstrap peer ends in /p2p/ and its peer id")
            }
            return .address(address)
        }
    }
}
