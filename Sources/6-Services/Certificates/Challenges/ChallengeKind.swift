/// How a certificate authority is shown that a name is this node's (RFC 8555, section 8).
public enum ChallengeKind: String, Sendable, Hashable, CaseIterable {
    /// It asks the name for a file over plain HTTP, on port 80.
    case http01 = "http-01"
    /// It opens a TLS connection to the name, on port 443, by a protocol of its own (RFC 8737).
    case tlsALPN01 = "tls-alpn-01"
    /// It looks for a record in the name's domain. The only kind for names with a star.
    case dns01 = "dns-01"

    /// The port to which the authority comes; nil when it does not.
    public var port: UInt16? {
        switch self {
        case .http01: 80
        case .tlsALPN01: 443
        case .dns01: nil
        }
    }
}
