import Certificates
import LibP2PHost
import Multiformats

/// Which hosts, as HTTP requests name them, are this node. A proof of identity holds for one host; a node that took itself
/// for any would accept what its clients proved to somebody else.
struct OwnHosts: Sendable {
    private let names: Set<String>
    private let host: Host
    private let certificates: CertificateStore?

    /// The hosts of a node: its domains and announced names, `localhost`, the names of its certificates, and its own IP
    /// addresses.
    init(_ configuration: NodeConfiguration, host: Host, certificates: CertificateStore?) {
        let announced = configuration.announce.compactMap { $0.hostName?.lowercased() }
        names = Set(configuration.tls.domains + announced + ["localhost"])
        self.host = host
        self.certificates = certificates
    }

    /// Whether a host, with its port or without, is the node.
    func contains(_ authority: String) -> Bool {
        let name = Self.withoutPort(authority.lowercased())
        if let ip = IPAddress(name) {
            return (host.listenAddresses + host.addresses).contains { $0.ipAddress == ip }
        }
        return names.contains(name) || certificates?.credentials.contains { $0.covers(name) } ?? false
    }

    private static func withoutPort(_ authority: String) -> String {
        if authority.hasPrefix("[") { return String(authority.dropFirst().prefix { $0 != "]" }) }
        return String(authority.prefix { $0 != ":" })
    }
}
