public import Multiformats

/// What a host tells others by the certificates of its listeners, which it does not know itself.
public struct Advertisement: Sendable, Hashable {
    /// Addresses to tell besides all others, such as those with the names of certificates.
    public var addresses: [Multiaddr] = []

    /// The IP addresses that certificates are for. A listener over TLS is told by these alone: at any other one no client
    /// would find the certificate right.
    public var certifiedIPs: Set<IPAddress> = []

    /// Nothing to tell.
    public init() {}

    /// Whether a client that checks certificates can use one of the listeners' addresses.
    func isUsable(_ address: Multiaddr) -> Bool {
        guard let ip = address.ipAddress, !address.isCircuit,
            address.protocols.contains(where: { $0 == .tls || $0 == .wss })
        else { return true }
        return certifiedIPs.contains(ip)
    }
}
