// Addresses that need no check.
extension Multiaddr {
    /// `/ip4/…/tcp/…` or `/ip6/…/tcp/…`.
    public static func ip(_ address: IPAddress, tcp port: UInt16) -> Multiaddr {
        Multiaddr(unlimited: [.ip(address), .tcp(port)])
    }

    /// `/ip4/…/udp/…` or `/ip6/…/udp/…`.
    public static func ip(_ address: IPAddress, udp port: UInt16) -> Multiaddr {
        Multiaddr(unlimited: [.ip(address), .udp(port)])
    }

    /// `/memory/…`, an address within the process.
    public static func memory(_ number: UInt64) -> Multiaddr {
        Multiaddr(unlimited: [.memory(number)])
    }

    /// A few short components.
    private init(unlimited components: [Component]) {
        var bytes: [UInt8] = []
        for component in components { component.append(to: &bytes) }
        self.init(validated: bytes)
    }
}

extension Multiaddr.Component {
    /// `/ip4/…` or `/ip6/…`.
    public static func ip(_ address: IPAddress) -> Self {
        switch address {
        case .v4: Self(validated: .ip4, address.bytes)
        case .v6: Self(validated: .ip6, address.bytes)
        }
    }

    /// `/tcp/…`.
    public static func tcp(_ port: UInt16) -> Self { Self(validated: .tcp, bigEndian(port)) }

    /// `/udp/…`.
    public static func udp(_ port: UInt16) -> Self { Self(validated: .udp, bigEndian(port)) }

    /// `/memory/…`.
    public static func memory(_ number: UInt64) -> Self { Self(validated: .memory, bigEndian(number)) }

    /// `/ws`.
    public static let ws = Self(validated: .ws, [])

    /// `/wss`.
    public static let wss = Self(validated: .wss, [])

    /// `/tls`.
    public static let tls = Self(validated: .tls, [])

    /// `/p2p-circuit`.
    public static let p2pCircuit = Self(validated: .p2pCircuit, [])

    private static func bigEndian(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}

// Putting addresses together and taking them apart.
extension Multiaddr {
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
