// Building addresses, putting them together and taking them apart.
extension Multiaddr {
    /// `/ip4/…/tcp/…` or `/ip6/…/tcp/…`.
    public static func ip(_ address: IPAddress, tcp port: UInt16) -> Multiaddr {
        transport(address, .tcp, port)
    }

    /// `/ip4/…/udp/…` or `/ip6/…/udp/…`.
    public static func ip(_ address: IPAddress, udp port: UInt16) -> Multiaddr {
        transport(address, .udp, port)
    }

    /// `/memory/…`, an address within the process.
    public static func memory(_ number: UInt64) -> Multiaddr {
        var bytes: [UInt8] = []
        Component(validated: .memory, withUnsafeBytes(of: number.bigEndian) { Array($0) }).append(to: &bytes)
        return Multiaddr(validated: bytes)
    }

    private static func transport(_ address: IPAddress, _ proto: MultiaddrProtocol, _ port: UInt16) -> Multiaddr {
        let family: MultiaddrProtocol =
            switch address {
            case .v4: .ip4
            case .v6: .ip6
            }
        var bytes: [UInt8] = []
        Component(validated: family, address.bytes).append(to: &bytes)
        Component(validated: proto, [UInt8(port >> 8), UInt8(port & 0xff)]).append(to: &bytes)
        return Multiaddr(validated: bytes)
    }

    /// This address with `other` behind it.
    ///
    /// - Throws: `MultiformatsError.Code.tooLong`, or `.multiaddr` when this address ends with a path, which swallows all.
    public func encapsulating(_ other: Multiaddr) throws(MultiformatsError) -> Multiaddr {
        try Multiaddr(bytes: bytes + other.bytes)
    }

    /// This address with a component behind it.
    ///
    /// - Throws: `MultiformatsError.Code.tooLong`, or `.multiaddr` when this address ends with a path, which swallows all.
    public func encapsulating(_ component: Component) throws(MultiformatsError) -> Multiaddr {
        var bytes = bytes
        component.append(to: &bytes)
        return try Multiaddr(bytes: bytes)
    }

    /// What stands before the last component of this protocol: the whole address when there is none, nil when nothing is left.
    public func decapsulating(_ proto: MultiaddrProtocol) -> Multiaddr? {
        var end: Int?
        forEachPart { if $0.proto == proto { end = $0.range.lowerBound } }
        guard let end else { return self }
        return end == 0 ? nil : Multiaddr(validated: Array(bytes[..<end]))
    }

    /// What stands before `suffix`: the whole address when it does not end so, nil when nothing is left.
    public func decapsulating(_ suffix: Multiaddr) -> Multiaddr? {
        let end = bytes.count - suffix.bytes.count
        guard end >= 0, bytes[end...].elementsEqual(suffix.bytes) else { return self }
        if end == 0 { return nil }
        // The same bytes may also stand inside a value: only a border between components counts.
        let isBorder = firstResult { $0.range.lowerBound == end ? true : nil } ?? false
        return isBorder ? Multiaddr(validated: Array(bytes[..<end])) : self
    }

    /// The parts before and behind the first component of this protocol, without it; nil when there is none.
    public func split(at proto: MultiaddrProtocol) -> (before: Multiaddr?, after: Multiaddr?)? {
        guard let range = firstResult({ $0.proto == proto ? $0.range : nil }) else { return nil }
        let before = bytes[..<range.lowerBound]
        let after = bytes[range.upperBound...]
        return (
            before.isEmpty ? nil : Multiaddr(validated: Array(before)),
            after.isEmpty ? nil : Multiaddr(validated: Array(after))
        )
    }
}
