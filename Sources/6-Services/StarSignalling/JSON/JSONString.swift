package import NIOCore

/// The texts that JSON strings stand for.
package enum JSONString {
    /// Decodes a string with its quotes. A lone surrogate, which no UTF-8 can carry, becomes U+FFFD.
    ///
    /// - Returns: nil when the text is not one JSON string.
    package static func decode(_ text: ByteBuffer) -> String? {
        let bytes = text.readableBytesUInt8Span
        var scanner = JSONScanner()
        guard (try? scanner.skipString(bytes)) != nil, scanner.isAtEnd(of: bytes) else { return nil }
        return decode(bytes, quoted: range(of: bytes))
    }

    /// Without white space around: the string's characters, between its quotes.
    private static func range(of bytes: Span<UInt8>) -> Range<Int> {
        var first = 0
        while bytes[first] != quote { first += 1 }
        var last = bytes.count - 1
        while bytes[last] != quote { last -= 1 }
        return first + 1..<last
    }

    private static let quote = UInt8(ascii: "\"")

    /// Decodes the characters of a valid string.
    static func decode(_ bytes: Span<UInt8>, quoted range: Range<Int>) -> String {
        var plain: [UInt8] = []
        plain.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            guard bytes[index] == UInt8(ascii: "\\") else {
                plain.append(bytes[index])
                index += 1
                continue
            }
            switch bytes[index + 1] {
            case UInt8(ascii: "u"):
                var unit = codeUnit(bytes, at: index + 2)
                index += 6
                if UTF16.isLeadSurrogate(unit), index + 6 <= range.upperBound, bytes[index] == UInt8(ascii: "\\"),
                    bytes[index + 1] == UInt8(ascii: "u")
                {
                    let trail = codeUnit(bytes, at: index + 2)
                    if UTF16.isTrailSurrogate(trail) {
                        index += 6
                        let pair = UTF16.EncodedScalar([unit, trail])
                        plain.append(contentsOf: String(UTF16.decode(pair)).utf8)
                        continue
                    }
                }
                if UTF16.isSurrogate(unit) { unit = 0xfffd }
                plain.append(contentsOf: String(UTF16.decode(UTF16.EncodedScalar([unit]))).utf8)
            case let letter:
                plain.append(control(letter))
                index += 2
            }
        }
        return String(decoding: plain, as: UTF8.self)
    }

    private static func control(_ letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0c
        case UInt8(ascii: "n"): 0x0a
        case UInt8(ascii: "r"): 0x0d
        case UInt8(ascii: "t"): 0x09
        default: letter
        }
    }

    private static func codeUnit(_ bytes: Span<UInt8>, at index: Int) -> UInt16 {
        var unit: UInt16 = 0
        for offset in 0..<4 { unit = unit << 4 | UInt16(hexDigit(bytes[index + offset]) ?? 0) }
        return unit
    }

    /// The value of a hexadecimal digit.
    static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// A text as a JSON string, with its quotes: what RFC 8259 wants escaped is escaped, nothing else.
    package static func encode(_ text: some StringProtocol) -> String {
        var json = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": json += "\\\(scalar)"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: json.unicodeScalars.append(scalar)
            }
        }
        return json + "\""
    }
}
