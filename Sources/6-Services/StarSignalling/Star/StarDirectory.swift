import Synchronization

/// Who holds which address. Each handshake looks into it, from any loop; so it is striped, and loops rarely meet.
package final class StarDirectory: Sendable {
    private final class Stripe: Sendable {
        let claims = Mutex<[StarAddress: PeerClaim]>([:])
    }

    private let stripes = (0..<64).map { _ in Stripe() }

    package init() {}

    /// Who holds an address.
    package subscript(address: StarAddress) -> PeerClaim? {
        stripe(address).claims.withLock { $0[address] }
    }

    /// Gives an address to somebody, or to nobody.
    ///
    /// - Returns: who held it.
    @discardableResult
    package func set(_ address: StarAddress, _ claim: PeerClaim?) -> PeerClaim? {
        stripe(address).claims.withLock { claims in
            defer { claims[address] = claim }
            return claims[address]
        }
    }

    /// All claims that a rule picks, in no order. For rare use: it takes time in proportion to all of them.
    package func all(where isPicked: (PeerClaim) -> Bool) -> [(address: StarAddress, claim: PeerClaim)] {
        var picked: [(address: StarAddress, claim: PeerClaim)] = []
        for stripe in stripes {
            stripe.claims.withLock { claims in
                for (address, claim) in claims where isPicked(claim) { picked.append((address, claim)) }
            }
        }
        return picked
    }

    /// The last bytes differ most: addresses end in peer ids. Who makes all of theirs fall on one stripe merely waits for
    /// its own lock.
    private func stripe(_ address: StarAddress) -> Stripe {
        let hash = address.bytes.suffix(8).reduce(0 as UInt) { ($0 ^ UInt($1)) &* 0x0100_0193 }
        return stripes[Int((hash ^ hash >> 16) % UInt(stripes.count))]
    }
}
