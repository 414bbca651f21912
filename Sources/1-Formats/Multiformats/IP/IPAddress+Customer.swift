// What limits on addresses count by, the same in all parts of a node.
extension IPAddress {
    /// What counts as one address: the address itself, or all of an IPv6 /64, which any customer has to itself.
    public var customer: IPAddress {
        switch self {
        case .v4: self
        case .v6(let high, _): .v6(high: high, low: 0)
        }
    }

    /// The network around the address that counts as one owner's: IPv4 /24, IPv6 /56.
    public var subnet: IPPrefix { IPPrefix(self, length: bitWidth == 32 ? 24 : 56) }
}
