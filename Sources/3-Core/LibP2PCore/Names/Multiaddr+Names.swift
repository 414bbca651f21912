import Multiformats

extension Multiaddr {
    /// What has to be asked to get rid of the host name at the start; nil when there is none.
    var question: NameQuestion? {
        guard let host = hostName, let first = protocols.first else { return nil }
        return switch first {
        case .dns4: .addresses(of: host, .ip4)
        case .dns6: .addresses(of: host, .ip6)
        case .dnsaddr: .texts(at: "_dnsaddr.\(host)")
        default: .addresses(of: host, .any)
        }
    }

    /// The address with an IP address in the place of the host's name, which TLS below a WebSocket keeps as `/sni`.
    ///
    /// - Returns: nil when the result is too long.
    func replacingHost(with ip: IPAddress) -> Multiaddr? {
        let components = components
        guard let host = components.first?.value else { return nil }
        var replaced = [Component.ip(ip)]
        var isFirstHop = true
        for (index, component) in components.enumerated().dropFirst() {
            let next = index + 1 < components.count ? components[index + 1].proto : nil
            switch component.proto {
            case .wss where isFirstHop:
                replaced += Self.namedTLS(host) + [.ws]
            case .tls where isFirstHop && next == .ws:
                replaced += Self.namedTLS(host)
            case .p2p, .p2pCircuit:
                isFirstHop = false
                replaced.append(component)
            default:
                replaced.append(component)
            }
        }
        return try? Multiaddr(replaced)
    }

    /// `/tls/sni/<host>`, or `/tls` alone when the name cannot be one.
    private static func namedTLS(_ host: [UInt8]) -> [Component] {
        [.tls] + [try? Component(.sni, value: host)].compactMap(\.self)
    }

    /// The addresses that the TXT records of this `/dnsaddr` name for it, in their order.
    func entries(in texts: [String]) -> [Multiaddr] {
        let rest = Array(components.dropFirst())
        let circuitStart = rest.firstIndex { $0.proto == .p2pCircuit } ?? rest.endIndex
        let tail = rest[..<circuitStart]
        let circuit = rest[circuitStart...]
        let entries = texts.lazy.compactMap { text -> Multiaddr? in
            guard text.hasPrefix("dnsaddr="), let entry = try? Multiaddr(text.dropFirst("dnsaddr=".count)),
                // Without an IP address or host at the start there is nothing to dial; a relay behind a relay is refused.
                entry.scope != nil, circuit.isEmpty || !entry.isCircuit,
                entry.components.suffix(tail.count).elementsEqual(tail)
            else { return nil }
            return circuit.isEmpty ? entry : try? Multiaddr(entry.components + circuit)
        }
        return Array(entries.prefix(AddressExpansion.maxResults))
    }
}
