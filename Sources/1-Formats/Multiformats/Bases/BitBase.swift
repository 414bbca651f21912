/// A base whose alphabet has a power of two of characters: RFC 4648 and its relatives.
struct BitBase: Sendable {
    /// What the text's end may look like.
    enum Padding: Sendable {
        /// Never any `=`.
        case none
        /// Always `=` up to a whole group.
        case required
    }

    private let alphabet: [UInt8]
    /// The value of each character, `BitBase.invalid` for characters outside the alphabet.
    private let values: [UInt8]
    private let bitsPerCharacter: Int
    private let padding: Padding

    private static let invalid: UInt8 = 0xff
    private static let pad = UInt8(ascii: "=")

    init(alphabet: String, bitsPerCharacter: Int, padding: Padding = .none, ignoresCase: Bool = false) {
        self.alphabet = Array(alphabet.utf8)
        self.values = characterValues(of: self.alphabet, ignoringCase: ignoresCase, invalid: Self.invalid)
        self.bitsPerCharacter = bitsPerCharacter
        self.padding = padding
    }

    /// How many characters make a whole number of bytes, the unit of padding.
    private var groupLength: Int {
        switch bitsPerCharacter {
        case 5: 8
        case 6: 4
        default: 2
        }
    }

    func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 8 + bitsPerCharacter - 1) / bitsPerCharacter + groupLength)
        let mask = UInt32(1) << UInt32(bitsPerCharacter) - 1
        var buffer: UInt32 = 0
        var bits = 0
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= bitsPerCharacter {
                bits -= bitsPerCharacter
                text.append(alphabet[Int(buffer >> UInt32(bits) & mask)])
            }
        }
        if bits > 0 {
            text.append(alphabet[Int(buffer << UInt32(bitsPerCharacter - bits) & mask)])
        }
        if padding == .required {
            while text.count % groupLength != 0 { text.append(Self.pad) }
        }
        return text
    }

    /// The bytes of `text`, or nil when a character, the length, the padding or an unused bit is wrong.
    func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var body = text
        if padding == .required {
            guard text.count % groupLength == 0 else { return nil }
            var pads = 0
            while body.last == Self.pad {
                body.removeLast()
                pads += 1
            }
            guard pads < groupLength else { return nil }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(body.count * bitsPerCharacter / 8)
        var buffer: UInt32 = 0
        var bits = 0
        for character in body {
            let value = values[Int(character)]
            guard value != Self.invalid else { return nil }
            buffer = buffer << UInt32(bitsPerCharacter) | UInt32(value)
            bits += bitsPerCharacter
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
            }
        }
        // A whole unused character or a set bit in the last one would give one value several texts.
        guard bits < bitsPerCharacter, buffer & (1 << UInt32(bits) - 1) == 0 else { return nil }
        return bytes
    }
}

/// A table from character to its value in `alphabet`.
func characterValues(of alphabet: [UInt8], ignoringCase: Bool, invalid: UInt8) -> [UInt8] {
    var values = [UInt8](repeating: invalid, count: 256)
    for (value, character) in alphabet.enumerated() {
        values[Int(character)] = UInt8(value)
        let isLetter = UInt8(ascii: "a") <= character | 0x20 && character | 0x20 <= UInt8(ascii: "z")
        if ignoringCase, isLetter { values[Int(character ^ 0x20)] = UInt8(value) }
    }
    return values
}
