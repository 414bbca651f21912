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
    ///   - ports: where it speaks TLS.
    ///   - credentials: the certificates that it serves.
    ///   - time: now.
    public init(names: [String], ports: [UInt16], credentials: [Credentials], at time: Timestamp) {
        let valid = credentials.filter { $0.isValid(at: time) }
        let certified = names.filter { name in valid.contains { $0.covers(name) } }
        addresses = certified.flatMap { name in
            ports.flatMap { port in
                ["wss", "tls/ws"].compactMap { try? Multiaddr("/dns4/\(name)/tcp/\(port)/\($0)") }
            }
        }
        ips = Set(valid.flatMap(\.ips))
        // A certificate is valid to its last moment; it is over just after that.
        nextChange = credentials.flatMap { [$0.notBefore, $0.notAfter + .seconds(1)] }.filter { $0 > time }.min()
    }
}
