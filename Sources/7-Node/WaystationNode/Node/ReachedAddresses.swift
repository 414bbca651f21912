import Multiformats

/// Where a node is reached from outside, as AutoTLS wants to know it: a pure rule over what the operator announces and what
/// the host knows by itself.
struct ReachedAddresses {
    /// An IP address and a TCP port.
    struct Place: Hashable {
        let ip: IPAddress
        let port: UInt16
    }

    /// Where a broker can dial the node, the best first: over TCP, and not by the certificate that it is to help with.
    let dialable: [Multiaddr]
    /// Where the front door is reached over TLS.
    let doors: [Place]

    /// Brokers try so many addresses at most.
    static let maxDialable = 10

    /// Applies the rule.
    ///
    /// An operator who announces IP addresses knows of a router that forwards to the node: then the front door is looked for
    /// at those alone, with the port that they tell over TLS, else with those that it listens on.
    ///
    /// - Parameters:
    ///   - announced: what the operator says, without the peer id.
    ///   - listening: where the node listens, reached from outside or not.
    ///   - reachable: where its listeners are reached, by what the host knows.
    ///   - allowsPrivate: whether private addresses count as reachable.
    init(announced: [Multiaddr], listening: [Multiaddr], reachable: [Multiaddr], allowsPrivate: Bool) {
        let announced = announced.filter { !$0.isCircuit && $0.tcpPort != nil && (allowsPrivate || $0.isPublic) }
        let reachable = reachable.filter { !$0.isCircuit && $0.tcpPort != nil }
        dialable = Array(Self.unique((announced + reachable).filter { !Self.isSecure($0) }).prefix(Self.maxDialable))
        let told = announced.filter { $0.ipAddress != nil }
        guard !told.isEmpty else {
            doors = Self.unique(reachable.filter(Self.isSecure).compactMap(Self.place))
            return
        }
        let ports = listening.filter(Self.isSecure).compactMap(Self.place)
        doors = Self.unique(
            told.flatMap { address -> [Place] in
                guard let ip = address.ipAddress?.unmapped else { return [] }
                if Self.isSecure(address) { return [Self.place(of: address)].compactMap { $0 } }
                // Told over TLS elsewhere, with the port.
                if told.contains(where: { Self.isSecure($0) && $0.ipAddress?.unmapped == ip }) { return [] }
                return ports.filter { $0.ip.bitWidth == ip.bitWidth }.map { Place(ip: ip, port: $0.port) }
            })
    }

    private static func place(of address: Multiaddr) -> Place? {
        guard let ip = address.ipAddress?.unmapped, let port = address.tcpPort else { return nil }
        return Place(ip: ip, port: port)
    }

    private static func isSecure(_ address: Multiaddr) -> Bool {
        address.protocols.contains { $0 == .tls || $0 == .wss }
    }

    private static func unique<Element: Hashable>(_ elements: [Element]) -> [Element] {
        var seen: Set<Element> = []
        return elements.filter { seen.insert($0).inserted }
    }
}
