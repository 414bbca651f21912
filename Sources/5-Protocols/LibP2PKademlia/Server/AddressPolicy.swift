import Multiformats

/// Which addresses of others a DHT passes on and dials.
struct AddressPolicy: Sendable {
    /// Whether loopback and private addresses count as reachable: laboratories and LANs.
    var allowsPrivate: Bool
    /// Whether they count to their address blocks even so.
    var countsPrivate = false

    /// Those that are worth telling. Outside of a laboratory that leaves out loopback and private addresses: a public
    /// server would send its clients into their own networks.
    func reachable(_ addresses: [Multiaddr]) -> [Multiaddr] {
        allowsPrivate ? addresses : addresses.filter(\.isPublic)
    }

    /// The address block that a connection from there counts to; nil where none is to be counted.
    func group(of address: Multiaddr) -> AddressGroup? {
        allowsPrivate && !countsPrivate && !address.isPublic ? nil : AddressGroup(address)
    }
}
