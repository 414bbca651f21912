import Multiformats

/// How many things peers at each IP address, and in each prefix, have: pure. An IPv6 /64 counts as one address, since
/// any machine can have all of its addresses.
struct AddressCounts: Sendable {
    private var perIP: [IPAddress: Int] = [:]
    private var perSubnet: [IPPrefix: Int] = [:]

    /// Whether nothing is counted.
    var isEmpty: Bool { perIP.isEmpty && perSubnet.isEmpty }

    /// How many an address has.
    func count(at address: IPAddress) -> Int { perIP[address.customer, default: 0] }

    /// How many the prefix of an address has.
    func count(around address: IPAddress) -> Int { perSubnet[address.subnet, default: 0] }

    mutating func add(_ address: IPAddress) {
        perIP[address.customer, default: 0] += 1
        perSubnet[address.subnet, default: 0] += 1
    }

    mutating func remove(_ address: IPAddress) {
        let customer = address.customer
        let subnet = address.subnet
        if let count = perIP[customer] { perIP[customer] = count > 1 ? count - 1 : nil }
        if let count = perSubnet[subnet] { perSubnet[subnet] = count > 1 ? count - 1 : nil }
    }
}

/// Where a peer's requests come from.
struct RequestOrigin: Sendable, Equatable {
    /// The IP address; nil on transports without one.
    var address: IPAddress?
    /// Whether default limits per address spare it.
    var isSpared: Bool
}
