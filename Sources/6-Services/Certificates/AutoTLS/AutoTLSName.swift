public import LibP2PIdentity
public import Multiformats

/// The names that a peer has under the domain of an AutoTLS broker, whose name servers answer for all of them by what the
/// names themselves say: `192-0-2-1.<peer>.libp2p.direct` is `192.0.2.1`.
///
/// Spec: libp2p/specs tls/autotls-client.md.
public struct AutoTLSName: Sendable, Hashable {
    /// The peer's own domain: its id in base 36 below the broker's domain.
    public let domain: String

    /// The domain of the public broker of the libp2p project.
    public static let publicParent = "libp2p.direct"

    /// The name of a peer. Ids of all kinds of keys fit into one label: the longest, of secp256k1, has the 63 characters that a
    /// label may have.
    public init(of peer: PeerID, under parent: String = publicParent) {
        domain = "\(Multibase.base36.encode(peer.cid.bytes)).\(parent)"
    }

    /// What the certificate is for: the names of all IP addresses.
    public var wildcard: String { "*.\(domain)" }

    /// Where the certificate authority looks for the proof.
    public var challengeName: String { "_acme-challenge.\(domain)" }

    /// The peer's name for one of its IP addresses.
    public func host(for ip: IPAddress) -> String { "\(Self.label(of: ip.unmapped)).\(domain)" }

    /// An IP address as one label: dashes for dots and colons, and a zero where a dash would be the first or the last
    /// character.
    static func label(of ip: IPAddress) -> String {
        switch ip {
        case .v4:
            return String(ip.description.map { $0 == "." ? "-" : $0 })
        case .v6:
            var label = String(ip.description.map { $0 == ":" ? "-" : $0 })
            if label.hasPrefix("-") { label = "0" + label }
            if label.hasSuffix("-") { label += "0" }
            return label
        }
    }

    /// How to dial the peer over TLS at one of its IP addresses, in the forms that clients know: with the IP address, which
    /// needs no name server, with the name only, and that for clients of 2020.
    public func addresses(at ip: IPAddress, port: UInt16) -> [Multiaddr] {
        let ip = ip.unmapped
        let (host, version) = (host(for: ip), ip.bitWidth == 32 ? 4 : 6)
        return [
            "/dns\(version)/\(host)/tcp/\(port)/wss", "/dns\(version)/\(host)/tcp/\(port)/tls/ws",
            "/ip\(version)/\(ip)/tcp/\(port)/tls/sni/\(host)/ws",
        ].compactMap { try? Multiaddr($0) }
    }
}
