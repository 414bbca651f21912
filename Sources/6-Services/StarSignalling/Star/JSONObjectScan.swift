/// Goes through the fields of a JSON object without decoding them, and without recursion. The same text is passed to each
/// call.
struct JSONObjectScan {
    /// The names of fields that a handshake is told by.
    enum Name {
        case source, target, answer, error, other
    }

    /// A field: what it is called, and where its value stands.
    struct Field {
        let name: Name
        let value: Range<Int>
    }

    /// Where the object's closing brace stands, once all fields were gone through.
    private(set) var end: Int?

    private var index = 0
    private var isFirst = true

    /// Begins with the text of one JSON object. Any other text has no fields and no end.
    init(_ text: Span<UInt8>) {
        skipSpace(text)
        if !take(UInt8(ascii: "{"), text) { index = text.count }
    }

    /// The next field; nil after the last one, and where the text is no object.
    mutating func next(_ text: Span<UInt8>) -> Field? {
        skipSpace(text)
        if take(UInt8(ascii: "}"), text) {
            end = index - 1
            index = text.count
            return nil
        }
        guard isFirst || take(UInt8(ascii: ","), text) else { return nil }
        isFirst = false
        skipSpace(text)
        let keyStart = index
        guard skipString(text) else { return nil }
        let key = keyStart..<index
        skipSpace(text)
        guard take(UInt8(ascii: ":"), text) else { return nil }
        skipSpace(text)
        let start = index
        guard skipValue(text), index > start else { return nil }
        return Field(name: Self.name(text.extracting(key)), value: start..<index)
    }

    private static func name(_ string: Span<UInt8>) -> Name {
        // Each character takes at most six bytes, as `\u0041` does.
        guard string.count <= 6 * 12 + 2, let key = AddressText.decode(string, atMost: 12) else { return .other }
        return switch key.count {
        case 12 where key.elementsEqual("srcMultiaddr".utf8): .source
        case 12 where key.elementsEqual("dstMultiaddr".utf8): .target
        case 6 where key.elementsEqual("answer".utf8): .answer
        case 3 where key.elementsEqual("err".utf8): .error
        default: .other
        }
    }

    private mutating func take(_ byte: UInt8, _ text: Span<UInt8>) -> Bool {
        guard index < text.count, text[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace(_ text: Span<UInt8>) {
        while index < text.count, Self.isSpace(text[index]) { index += 1 }
    }

    private mutating func skipString(_ text: Span<UInt8>) -> Bool {
        guard take(.quote, text) else { return false }
        while index < text.count {
            switch text[index] {
            case .quote:
                index += 1
                return true
            case .backslash: index += 2
            default: index += 1
            }
        }
        return false
    }

    private mutating func skipValue(_ text: Span<UInt8>) -> Bool {
        var depth = 0
        while index < text.count {
            switch text[index] {
            case .quote:
                guard skipString(text) else { return false }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                index += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return true }
                depth -= 1
                index += 1
            case let byte where depth == 0 && (byte == UInt8(ascii: ",") || Self.isSpace(byte)):
                return true
            default: index += 1
            }
        }
        return false
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
}
