extension IPAddress {
    /// How far an address reaches, by IANA's registries of special-purpose addresses (RFC 6890 and its updates).
    public enum Scope: Hashable, Sendable {
        /// The machine itself.
        case loopback
        /// Any network that is not the public internet: private, shared, link-local, documentation, unspecified, multicast
        /// and reserved.
        case `private`
        /// The public internet.
        case `public`
    }

    /// How far the address reaches. An IPv6 address that carries an IPv4 address (mapped, NAT64, 6to4) reaches as far as
    /// that one, so that no private address slips through in disguise.
    public var scope: Scope {
        switch self {
        case .v4(let number): Self.scope(v4: number)
        case .v6(let high, let low): Self.scope(v6: high, low)
        }
    }

    /// Whether the address is the machine's own, such as `127.0.0.1` or `::1`.
    public var isLoopback: Bool { scope == .loopback }

    /// Whether the address is neither loopback nor of the public internet.
    public var isPrivate: Bool { scope == .private }

    /// Whether the address is of the public internet.
    public var isPublic: Bool { scope == .public }

    /// Whether this is `0.0.0.0` or `::`, which stands for all addresses of the machine when listening.
    public var isUnspecified: Bool {
        switch self {
        case .v4(let number): number == 0
        case .v6(let high, let low): high == 0 && low == 0
        }
    }

    /// Whether the address only works on one link: `169.254.0.0/16` and `fe80::/10`.
    public var isLinkLocal: Bool {
        switch unmapped {
        case .v4(let number): number >> 16 == 0xa9fe
        case .v6(let high, _): high >> 54 == 0xfe80 >> 6
        }
    }

    private static func scope(v4 number: UInt32) -> Scope {
        if number >> 24 == 127 { return .loopback }
        return specialIPv4.contains { (number ^ $0.network) >> (32 - $0.length) == 0 } ? .private : .public
    }

    private static func scope(v6 high: UInt64, _ low: UInt64) -> Scope {
        let lastFourBytes = UInt32(truncatingIfNeeded: low)
        if high == 0, low == 1 { return .loopback }
        if high == 0, low >> 32 == 0xffff { return scope(v4: lastFourBytes) }
        // NAT64, RFC 6052: 64:ff9b::/96.
        if high == 0x0064_ff9b << 32, low >> 32 == 0 { return scope(v4: lastFourBytes) }
        // 6to4, RFC 3056: 2002:<IPv4>::/48.
        if high >> 48 == 0x2002 { return scope(v4: UInt32(truncatingIfNeeded: high >> 16)) }
        // Only 2000::/3 is given out; in it stand documentation (RFC 3849, RFC 9637) and the special block 2001::/23.
        guard high >> 61 == 1 else { return .private }
        let isSpecial = high >> 32 == 0x2001_0db8 || high >> 44 == 0x3fff0 || high >> 41 == 0x2001_0000 >> 9
        return isSpecial ? .private : .public
    }

    private static let specialIPv4: [(network: UInt32, length: UInt32)] = [
        (0x0000_0000, 8),  // this network, RFC 791
        (0x0a00_0000, 8),  // private, RFC 1918
        (0x6440_0000, 10),  // shared with the carrier's NAT, RFC 6598
        (0xa9fe_0000, 16),  // link-local, RFC 3927
        (0xac10_0000, 12),  // private, RFC 1918
        (0xc000_0000, 24),  // protocol assignments, RFC 6890
        (0xc000_0200, 24),  // documentation, RFC 5737
        (0xc058_6300, 24),  // old 6to4 relays, RFC 7526
        (0xc0a8_0000, 16),  // private, RFC 1918
        (0xc612_0000, 15),  // benchmarks, RFC 2544
        (0xc633_6400, 24),  // documentation, RFC 5737
        (0xcb00_7100, 24),  // documentation, RFC 5737
        (0xe000_0000, 4),  // multicast, RFC 1112
        (0xf000_0000, 4),  // reserved and broadcast, RFC 1112
    ]
}
