/// A base that writes the bytes as one big number: base 58 and base 36. A leading zero byte is a leading zero digit.
///
/// The work grows with the square of the length, so `decode` refuses long texts before it starts.
struct PositionalBase: Sendable {
    private let alphabet: [UInt8]
    private let values: [UInt8]
    private let base: UInt64
    /// How many digits fit into 32 bits, and the base to the power of that: digits are handled in groups of this size.
    private let digitsPerGroup: Int
    private let groupFactor: UInt64

    private static let invalid: UInt8 = 0xff

    init(alphabet: String, ignoresCase: Bool = false) {
        self.alphabet = Array(alphabet.utf8)
        self.values = characterValues(of: self.alphabet, ignoringCase: ignoresCase, invalid: Self.invalid)
        self.base = UInt64(self.alphabet.count)
        var digits = 0
        var factor: UInt64 = 1
        while factor * base <= UInt64(UInt32.max) {
            factor *= base
            digits += 1
        }
        self.digitsPerGroup = digits
        self.groupFactor = factor
    }

    func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
        let zeros = bytes.prefix { $0 == 0 }.count
        // The number as 32-bit limbs, most significant first.
        var limbs: [UInt32] = []
        let significant = bytes.dropFirst(zeros)
        var position = significant.count
        var limb: UInt32 = 0
        for byte in significant {
            limb = limb << 8 | UInt32(byte)
            position -= 1
            if position % 4 == 0 {
                limbs.append(limb)
                limb = 0
            }
        }
        var reversed: [UInt8] = []
        reversed.reserveCapacity(significant.count * 8 / 5 + zeros + digitsPerGroup)
        var first = 0
        while first < limbs.count {
            var remainder: UInt64 = 0
            for index in first..<limbs.count {
                let dividend = remainder << 32 | UInt64(limbs[index])
                limbs[index] = UInt32(truncatingIfNeeded: dividend / groupFactor)
                remainder = dividend % groupFactor
            }
            while first < limbs.count, limbs[first] == 0 { first += 1 }
            for _ in 0..<digitsPerGroup {
                reversed.append(alphabet[Int(remainder % base)])
                remainder /= base
            }
        }
        while let last = reversed.last, last == alphabet[0] { reversed.removeLast() }
        reversed.append(contentsOf: repeatElement(alphabet[0], count: zeros))
        reversed.reverse()
        return reversed
    }

    /// The bytes of `text`, or nil when a character is not of the alphabet or `text` is longer than `maxLength`.
    func decode(_ text: ArraySlice<UInt8>, maxLength: Int) -> [UInt8]? {
        guard text.count <= maxLength else { return nil }
        let zeros = text.prefix { $0 == alphabet[0] }.count
        // The number as 32-bit limbs, least significant first.
        var limbs: [UInt32] = []
        var group: UInt64 = 0
        var factor: UInt64 = 1
        var digits = 0
        func flush() {
            var carry = group
            for index in limbs.indices {
                // At most (2^32 - 1)^2 + (2^32 - 1), which fits.
                let product = UInt64(limbs[index]) * factor + carry
                limbs[index] = UInt32(truncatingIfNeeded: product)
                carry = product >> 32
            }
            if carry > 0 { limbs.append(UInt32(truncatingIfNeeded: carry)) }
            group = 0
            factor = 1
            digits = 0
        }
        for character in text.dropFirst(zeros) {
            let value = values[Int(character)]
            guard value != Self.invalid else { return nil }
            group = group * base + UInt64(value)
            factor *= base
            digits += 1
            if digits == digitsPerGroup { flush() }
        }
        if digits > 0 { flush() }
        var bytes = [UInt8](repeating: 0, count: zeros)
        bytes.reserveCapacity(zeros + limbs.count * 4)
        var isLeading = true
        for limb in limbs.reversed() {
            for shift: UInt32 in [24, 16, 8, 0] {
                let byte = UInt8(truncatingIfNeeded: limb >> shift)
                if isLeading, byte == 0 { continue }
                isLeading = false
                bytes.append(byte)
            }
        }
        return bytes
    }
}
