import LibP2PCore
import Multiformats
import NIOCore

/// Under which IP addresses other peers see this node: pure rules.
///
/// What one peer claims means nothing. An address counts once peers of several different networks named it lately. Only
/// the IP is believed: the port of a connection that this node dialled is the socket's, not a listener's.
struct ObservedAddresses {
    private struct Claim {
        var networks: [IPPrefix: NIODeadline] = [:]
    }

    private var claims: [IPAddress: Claim] = [:]

    /// Observers from so many networks must agree. go asks for as many.
    static let quorum = 4
    /// How long an observation counts.
    static let lifetime = TimeAmount.minutes(40)
    private static let maxClaims = 64
    private static let maxNetworks = 32

    /// Notes that an observer at `observer` sees this node at `address`.
    ///
    /// - Returns: whether the set of confirmed addresses may have changed.
    mutating func note(_ address: IPAddress, from observer: IPAddress, now: NIODeadline) -> Bool {
        if claims[address] == nil, claims.count >= Self.maxClaims {
            expire(now: now)
            guard claims.count < Self.maxClaims else { return false }
        }
        let network = IPPrefix(observer, length: observer.bitWidth == 32 ? 16 : 32)
        var claim = claims[address] ?? Claim()
        let before = claim.networks.count
        if claim.networks[network] != nil || before < Self.maxNetworks { claim.networks[network] = now }
        claims[address] = claim
        return before < Self.quorum && claim.networks.count >= Self.quorum
    }

    /// The addresses on which enough observers agree.
    func confirmed(now: NIODeadline) -> [IPAddress] {
        claims.filter { claim in
            claim.value.networks.values.count { $0 + Self.lifetime > now } >= Self.quorum
        }.keys.sorted { $0.description < $1.description }
    }

    private mutating func expire(now: NIODeadline) {
        for (address, claim) in claims {
            let live = claim.networks.filter { $0.value + Self.lifetime > now }
            claims[address] = live.isEmpty ? nil : Claim(networks: live)
        }
    }
}
