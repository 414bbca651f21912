/// The sequences of bytes that UTF-8 (RFC 3629) has for characters.
enum UTF8Sequence {
    /// How many bytes the character at an index has; 0 when there is no valid one.
    static func length(in bytes: Span<UInt8>, at index: Int) -> Int {
        guard index >= 0, index < bytes.count else { return 0 }
        let first = bytes[index]
        // The second byte's range excludes overlong forms, surrogates, and what lies beyond U+10FFFF.
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xbf
        switch first {
        case ..<0x80: return 1
        case 0xc2...0xdf: length = 2
        case 0xe0: (length, second) = (3, 0xa0...0xbf)
        case 0xed: (length, second) = (3, 0x80...0x9f)
        case 0xe1...0xef: length = 3
        case 0xf0: (length, second) = (4, 0x90...0xbf)
        case 0xf4: (length, second) = (4, 0x80...0x8f)
        case 0xf1...0xf3: length = 4
        default: return 0
        }
        guard length <= bytes.count - index, second.contains(bytes[index + 1]) else { return 0 }
        for offset in 2..<max(length, 2) where bytes[index + offset] & 0xc0 != 0x80 { return 0 }
        return length
    }
}
