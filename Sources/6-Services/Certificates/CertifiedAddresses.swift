public import LibP2PCore
public import Multiformats

/// Which addresses of a server over TLS clients can use, by the certificates that it serves: a pure rule.
public struct CertifiedAddresses: Sendable, Hashable {
    /// WebSocket over TLS under each name that has a certificate now, in both forms: clients of 2020 know `/wss` only.
    public let addresses: [Multiaddr]
    /// The IP addresses that certificates are for.
    public let ips: Set<IPAddress>
    /// When the next certificate begins or ceases to be valid; nil when none will.
    public let nextChange: Timestamp?

    /// Applies the rule.
    ///
    /// - Parameters:
    ///   - names: host names of the server, in lower case.
    ///   - ports: where it speaks TLS under those.
    ///   - own: the names that the peer has by AutoTLS, and where it is reached over TLS.
    ///   - credentials: the certificates that it serves.
    ///   - time: now.
    public init(
        names: [String], ports: [UInt16], own: (name: AutoTLSName, places: [(ip: IPAddress, port: UInt16)])? = nil,
        credentials: [Credentials], at time: Timestamp
    ) {
        let valid = credentials.filter { $0.isValid(at: time) }
        func isCertified(_ name: String) -> Bool { valid.contains { $0.covers(name) } }
        var addresses = names.filter(isCertified).flatMap { name in
            ports.flatMap { port in
                ["wss", "tls/ws"].compactMap { try? Multiaddr("/dns4/\(name)/tcp/\(port)/\($0)") }
            }
        }
        if let own {
            for place in own.places where isCertified(own.name.host(for: place.ip)) {
                addresses += own.name.addresses(at: place.ip, port: place.port)
            }
        }
        self.addresses = addresses
        ips = Set(valid.flatMap(\.ips))
        // A certificate is valid to its last moment; it is over just after that.
        nextChange = credentials.flatMap { [$0.notBefore, $0.notAfter + .seconds(1)] }.filter { $0 > time }.min()
    }
}
