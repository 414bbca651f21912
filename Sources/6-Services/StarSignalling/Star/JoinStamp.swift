package import LibP2PCore

/// When a peer joined, and where: of two joins of one address the later one wins, at all nodes alike.
package struct JoinStamp: Hashable, Comparable, Sendable {
    /// Microseconds since 1970, moved on where clocks differ or two joins fall on one.
    package let time: UInt64
    /// The node that the peer is connected to: decides when times are equal.
    package let node: StarNodeID

    package init(time: UInt64, node: StarNodeID) {
        self.time = time
        self.node = node
    }

    /// The earlier one is the smaller one.
    package static func < (left: JoinStamp, right: JoinStamp) -> Bool {
        (left.time, left.node) < (right.time, right.node)
    }
}

/// The name of a node in a star of several: 16 hexadecimal digits.
package struct StarNodeID: Hashable, Comparable, Sendable {
    private let number: UInt64

    /// Draws a name.
    package init(_ random: RandomSource) { number = random.next() }

    /// Reads a name as ``description`` writes it; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let digits = text.utf8
        guard digits.count == 16, digits.allSatisfy({ Self.digits.contains($0) }),
            let number = UInt64(text, radix: 16)
        else { return nil }
        self.number = number
    }

    package static func < (left: StarNodeID, right: StarNodeID) -> Bool { left.number < right.number }

    private static let digits = Array("0123456789abcdef".utf8)
}

extension StarNodeID: CustomStringConvertible {
    /// 16 hexadecimal digits.
    package var description: String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// Gives joins their times: each later than all that this node gave or saw before, even when the clocks of nodes differ.
package struct JoinClock: Sendable {
    /// A time of another node that is further ahead than this is wrong, and not followed.
    package static let longestLead = UInt64(3600 * 1_000_000)

    private var latest: UInt64 = 0

    package init() {}

    /// The time of a join that happens now.
    package mutating func next(_ now: Timestamp) -> UInt64 {
        latest = max(latest &+ 1, Self.microseconds(now))
        return latest
    }

    /// Takes note of another node's time.
    ///
    /// - Returns: whether it can be believed.
    package mutating func see(_ time: UInt64, now: Timestamp) -> Bool {
        guard time <= Self.microseconds(now) + Self.longestLead else { return false }
        latest = max(latest, time)
        return true
    }

    private static func microseconds(_ time: Timestamp) -> UInt64 { UInt64(max(0, time.nanoseconds / 1000)) }
}
