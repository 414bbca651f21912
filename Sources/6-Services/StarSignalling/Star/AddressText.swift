import NIOCore

/// Addresses as JSON strings (RFC 8259, section 7).
///
/// Stricter than ``JSONString``: a lone surrogate is refused, since two addresses that differ must stay different. And
/// straight to bytes and back: each handshake has two addresses.
enum AddressText {
    /// Reads a string with its quotation marks.
    ///
    /// - Parameter limit: the most bytes that the decoded string may have.
    /// - Returns: its UTF-8 bytes; nil when the text is no string, is too long, or escapes half of a surrogate pair, which
    ///   UTF-8 has no bytes for. Bytes that stand unescaped are taken as they are.
    static func decode(_ text: Span<UInt8>, atMost limit: Int) -> [UInt8]? {
        let end = text.count - 1
        guard end >= 1, text[0] == .quote, text[end] == .quote else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(end - 1, limit))
        var index = 1
        while index < end {
            guard bytes.count < limit else { return nil }
            let byte = text[index]
            if byte == .quote || byte < 0x20 { return nil }
            if byte != .backslash {
                bytes.append(byte)
                index += 1
                continue
            }
            guard index + 1 < end else { return nil }
            if text[index + 1] == UInt8(ascii: "u") {
                guard let (scalar, length) = escapedScalar(text, at: index, before: end) else { return nil }
                bytes.append(contentsOf: scalar.utf8)
                index += length
            } else {
                guard let character = unescaped(text[index + 1]) else { return nil }
                bytes.append(character)
                index += 2
            }
        }
        return bytes.count <= limit ? bytes : nil
    }

    /// Writes a string with its quotation marks. What needs no escape stays as it is.
    static func encode(_ bytes: Span<UInt8>, to text: inout ByteBuffer) {
        text.writeInteger(UInt8.quote)
        for index in bytes.indices {
            let byte = bytes[index]
            switch byte {
            case .quote, .backslash:
                text.writeInteger(UInt8.backslash)
                text.writeInteger(byte)
            case ..<0x20:
                text.writeStaticString("\\u00")
                text.writeInteger(hexDigit(byte >> 4))
                text.writeInteger(hexDigit(byte & 0xf))
            default:
                text.writeInteger(byte)
            }
        }
        text.writeInteger(UInt8.quote)
    }

    /// The character that `\uXXXX` stands for, or two of them as a surrogate pair, and how many bytes they take.
    private static func escapedScalar(
        _ text: Span<UInt8>, at index: Int, before end: Int
    ) -> (Unicode.Scalar, length: Int)? {
        guard let first = codeUnit(text, at: index, before: end) else { return nil }
        if let scalar = Unicode.Scalar(UInt32(first)) { return (scalar, 6) }
        guard (0xd800...0xdbff).contains(first), let second = codeUnit(text, at: index + 6, before: end),
            (0xdc00...0xdfff).contains(second)
        else { return nil }
        let number = 0x10000 + (UInt32(first) - 0xd800) << 10 + (UInt32(second) - 0xdc00)
        return Unicode.Scalar(number).map { ($0, 12) }
    }

    private static func codeUnit(_ text: Span<UInt8>, at index: Int, before end: Int) -> UInt16? {
        guard index + 6 <= end, text[index] == .backslash, text[index + 1] == UInt8(ascii: "u") else { return nil }
        var unit: UInt16 = 0
        for place in index + 2..<index + 6 {
            guard let digit = hexValue(text[place]) else { return nil }
            unit = unit << 4 | digit
        }
        return unit
    }

    private static func unescaped(_ character: UInt8) -> UInt8? {
        switch character {
        case .quote, .backslash, UInt8(ascii: "/"): character
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0c
        case UInt8(ascii: "n"): 0x0a
        case UInt8(ascii: "r"): 0x0d
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    private static func hexValue(_ digit: UInt8) -> UInt16? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(digit - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(digit - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(digit - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}

extension UInt8 {
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
}
