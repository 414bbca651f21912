public import LibP2PCore

/// The name of a client's connection, or of its place in a namespace: 128 random bits that nobody can guess.
public struct SocketID: Hashable, Sendable {
    private let high: UInt64
    private let low: UInt64

    /// Draws a name.
    ///
    /// - Parameter random: the system's randomness, except in simulations: who knows a name can speak for its client.
    public init(_ random: RandomSource) {
        high = random.next()
        low = random.next()
    }

    /// Reads a name as ``description`` writes it; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let digits = text.utf8
        guard digits.count == 32 else { return nil }
        var words: [UInt64] = [0, 0]
        for (index, digit) in digits.enumerated() {
            guard let value = Self.value(of: digit) else { return nil }
            words[index / 16] = words[index / 16] << 4 | value
        }
        (high, low) = (words[0], words[1])
    }

    /// What spreads names over the stripes of a table. The bits are random already.
    var stripe: Int { Int(truncatingIfNeeded: low & 0xffff) }

    private static func value(of digit: UInt8) -> UInt64? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(digit - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(digit - UInt8(ascii: "a") + 10)
        default: nil
        }
    }
}

extension SocketID: CustomStringConvertible {
    /// 32 hexadecimal digits.
    public var description: String {
        String(unsafeUninitializedCapacity: 32) { digits in
            for index in 0..<32 {
                let word = index < 16 ? high : low
                let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - index % 16 * 4)) & 0xf
                digits[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            }
            return 32
        }
    }
}
