import LibP2PCore
import Multiformats

/// In which order the addresses of a peer are tried: pure rules after RFC 8305 (happy eyeballs).
struct DialPlan {
    /// An address and how long after the start it is tried, unless all earlier ones have failed before.
    struct Attempt: Equatable {
        let address: Multiaddr
        let delay: Duration
    }

    /// The most addresses tried for one dial. A peer that is told by others may come with hundreds.
    static let maxAttempts = 16
    /// The time between attempts, RFC 8305's default.
    static let stagger = Duration.milliseconds(250)

    let attempts: [Attempt]

    /// Orders addresses: direct before relayed, public before private, IPv6 and IPv4 in turn, TCP before WebSocket.
    init(_ addresses: [Multiaddr]) {
        var seen: Set<Multiaddr> = []
        let unique = addresses.filter { seen.insert($0).inserted }
        let ranked = unique.enumerated().sorted { left, right in
            let (a, b) = (Self.rank(left.element), Self.rank(right.element))
            return a == b ? left.offset < right.offset : a < b
        }.map(\.element)
        attempts = Self.interleaved(ranked).prefix(Self.maxAttempts).enumerated().map { index, address in
            Attempt(address: address, delay: Self.stagger * index)
        }
    }

    private static func rank(_ address: Multiaddr) -> Int {
        var rank = 0
        if address.isCircuit { rank += 8 }
        if !address.isPublic { rank += 4 }
        if address.contains(.ws) || address.contains(.wss) { rank += 1 }
        return rank
    }

    /// Takes from both families in turn within a rank, IPv6 first.
    private static func interleaved(_ ranked: [Multiaddr]) -> [Multiaddr] {
        var result: [Multiaddr] = []
        var start = 0
        while start < ranked.count {
            var end = start
            while end < ranked.count, rank(ranked[end]) == rank(ranked[start]) { end += 1 }
            var six = ranked[start..<end].filter { $0.ipAddress?.bitWidth == 128 }[...]
            var four = ranked[start..<end].filter { $0.ipAddress?.bitWidth != 128 }[...]
            while !six.isEmpty || !four.isEmpty {
                if let address = six.popFirst() { result.append(address) }
                if let address = four.popFirst() { result.append(address) }
            }
            start = end
        }
        return result
    }
}
