// What an address leads to. All of these look at the first hop: of a relayed address, at the relay.
extension Multiaddr {
    /// The IP address at the start, behind a zone if there is one.
    public var ipAddress: IPAddress? {
        var isZoneAllowed = true
        return firstResult { part -> IPAddress?? in
            switch part.proto {
            case .ip4, .ip6:
                return .some(IPAddress(bytes: part.value))
            case .ip6zone where isZoneAllowed:
                isZoneAllowed = false
                return nil
            default:
                return .some(nil)
            }
        } ?? nil
    }

    /// The host name at the start, of `/dns`, `/dns4`, `/dns6` or `/dnsaddr`.
    public var hostName: String? {
        guard let first = firstResult({ $0 }) else { return nil }
        switch first.proto {
        case .dns, .dns4, .dns6, .dnsaddr: return String(decoding: first.value, as: UTF8.self)
        default: return nil
        }
    }

    /// The first TCP port.
    public var tcpPort: UInt16? { port(of: .tcp) }

    /// The first UDP port.
    public var udpPort: UInt16? { port(of: .udp) }

    private func port(of proto: MultiaddrProtocol) -> UInt16? {
        firstResult { part in
            part.proto == proto ? part.value.reduce(0) { $0 << 8 | UInt16($1) } : nil
        }
    }

    /// Whether the address leads through a relay.
    public var isCircuit: Bool { contains(.p2pCircuit) }

    /// How far the address reaches; nil when it starts with neither an IP address nor a host name.
    ///
    /// Names under the top-level domains that never resolve publicly (RFC 6761, RFC 6762, RFC 8375, and ICANN's `internal`),
    /// and names of one label, are private.
    public var scope: IPAddress.Scope? {
        if let ipAddress { return ipAddress.scope }
        guard var name = hostName?.lowercased() else { return nil }
        if name.hasSuffix(".") { name.removeLast() }
        let labels = name.split(separator: ".")
        switch labels.last {
        case "localhost": return .loopback
        case "local", "internal", "test", "example", "invalid": return .private
        default: return labels.count < 2 || name.hasSuffix("home.arpa") ? .private : .public
        }
    }

    /// Whether the address leads to the machine itself.
    public var isLoopback: Bool { scope == .loopback }

    /// Whether the address leads into a network that is not the public internet; loopback is not among these.
    public var isPrivate: Bool { scope == .private }

    /// Whether the address leads into the public internet.
    public var isPublic: Bool { scope == .public }

    /// Whether the address holds only protocols that js-libp2p of 2020 can read; see `MultiaddrProtocol`.
    public var isCompatibleWith2020: Bool {
        firstResult { $0.proto.isCompatibleWith2020 ? nil : false } ?? true
    }
}
