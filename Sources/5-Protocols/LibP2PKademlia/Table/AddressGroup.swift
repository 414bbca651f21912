public import Multiformats

/// A block of addresses that one operator can be expected to own, so that peers of one block count together.
///
/// IPv4 groups by /16, and by /8 where the address lies in a block that was given out whole (the legacy class A
/// allocations); IPv6 groups by /32, the size registries give to one network, because the map from addresses to
/// autonomous systems that go-libp2p ships is not at hand.
public struct AddressGroup: Hashable, Sendable {
    private let value: UInt64

    private init(family: UInt64, prefix: UInt64) {
        value = family << 32 | prefix
    }

    /// The group of an IP address of 4 or 16 bytes; nil for any other length.
    public init?(ip: some Collection<UInt8>) {
        let bytes = Array(ip.prefix(17))
        switch bytes.count {
        case 4:
            if Self.legacyClassA.contains(bytes[0]) {
                self.init(family: 8, prefix: UInt64(bytes[0]))
            } else {
                self.init(family: 16, prefix: UInt64(bytes[0]) << 8 | UInt64(bytes[1]))
            }
        case 16:
            self.init(family: 6, prefix: bytes.prefix(4).reduce(0) { $0 << 8 | UInt64($1) })
        default:
            return nil
        }
    }

    /// The group of the IP address an address begins with; nil where it begins with a name.
    public init?(_ address: Multiaddr) {
        guard let ip = address.ipAddress else { return nil }
        self.init(ip: ip.bytes)
    }

    /// First octets of the IPv4 blocks that were once allocated whole to one organisation (IANA's IPv4 address space
    /// registry, entries marked LEGACY with a single holder; the same list go-libp2p-kbucket groups by).
    static let legacyClassA: Set<UInt8> = [12, 17, 19, 38, 48, 56, 73, 53]
}
