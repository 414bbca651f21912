import LibP2PIdentity
import Multiformats

/// Which of the addresses that a peer names this node dials, so that nobody can make it dial somebody else.
struct AutoNATCandidates {
    /// Where the request came from.
    var observed: Multiaddr
    /// Who asked.
    var peer: PeerID
    /// The node's own addresses: dialling the own machine would prove nothing.
    var own: [Multiaddr]
    /// Whether loopback and private addresses count as reachable; then the own machine does too, as in labs.
    var allowsPrivateAddresses: Bool

    /// For version 1: the named addresses with the observed IP address in place of theirs; the observed address itself if
    /// no named one can be dialled. Empty when nothing may be dialled.
    func onObservedAddress(_ named: [[UInt8]]) -> [Multiaddr] {
        guard let ip = observed.ipAddress, !observed.isCircuit, isDiallable(ip) else { return [] }
        var found: [Multiaddr] = []
        for bytes in named {
            guard let address = readable(bytes), let moved = address.withIPAddress(ip) else { continue }
            if !found.contains(moved) { found.append(moved) }
        }
        return found.isEmpty ? [observed.withoutPeerID ?? observed] : found
    }

    /// For version 2: the first of the named addresses that may be dialled, wherever it leads, with its index.
    func firstAnywhere(_ named: [[UInt8]]) -> (index: Int, address: Multiaddr, isObserved: Bool)? {
        for (index, bytes) in named.enumerated() {
            guard let address = readable(bytes), let ip = address.ipAddress, isDiallable(ip) else { continue }
            return (index, address, ip.unmapped == observed.ipAddress?.unmapped && !observed.isCircuit)
        }
        return nil
    }

    /// An address that can be read, is direct, and does not name another peer; without `/p2p`.
    private func readable(_ bytes: [UInt8]) -> Multiaddr? {
        guard let address = try? Multiaddr(bytes: bytes), !address.isCircuit else { return nil }
        if let named = address.peerID, named != peer { return nil }
        return address.withoutPeerID
    }

    private func isDiallable(_ ip: IPAddress) -> Bool {
        if allowsPrivateAddresses { return true }
        return ip.scope == .public && !own.contains { $0.ipAddress?.unmapped == ip.unmapped }
    }
}

extension Multiaddr {
    /// The same address on another machine; nil when it does not start with an IP address.
    fileprivate func withIPAddress(_ ip: IPAddress) -> Multiaddr? {
        guard let first = components.first, first.proto == .ip4 || first.proto == .ip6 else { return nil }
        let proto: MultiaddrProtocol = ip.bytes.count == 4 ? .ip4 : .ip6
        guard let head = try? Component(proto, value: ip.bytes) else { return nil }
        return try? Multiaddr([head] + components.dropFirst())
    }
}
