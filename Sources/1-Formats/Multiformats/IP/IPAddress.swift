/// An IPv4 or IPv6 address as a number, in host byte order.
public enum IPAddress: Hashable, Sendable {
    /// An IPv4 address.
    case v4(UInt32)
    /// An IPv6 address, its first and its last 64 bits. (Swift 6.3 spills a `UInt128` in an enum to unaligned stack slots,
    /// and crashes there.)
    case v6(high: UInt64, low: UInt64)

    /// Reads 4 or 16 bytes in network order; nil for any other length.
    public init?(bytes: some Collection<UInt8>) {
        switch bytes.count {
        case 4: self = .v4(bytes.reduce(0) { $0 << 8 | UInt32($1) })
        case 16:
            self = .v6(
                high: bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
                low: bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) })
        default: return nil
        }
    }

    /// The address in network order, 4 or 16 bytes.
    public var bytes: [UInt8] {
        switch self {
        case .v4(let number):
            (0..<4).map { UInt8(truncatingIfNeeded: number >> UInt32(24 - 8 * $0)) }
        case .v6(let high, let low):
            (0..<16).map { UInt8(truncatingIfNeeded: ($0 < 8 ? high : low) >> UInt64(56 - 8 * ($0 % 8))) }
        }
    }

    /// How many bits the address has: 32 or 128.
    public var bitWidth: Int {
        switch self {
        case .v4: 32
        case .v6: 128
        }
    }

    /// The IPv4 address inside an IPv4-mapped IPv6 address (`::ffff:a.b.c.d`), else the address itself.
    public var unmapped: IPAddress {
        guard case .v6(0, let low) = self, low >> 32 == 0xffff else { return self }
        return .v4(UInt32(truncatingIfNeeded: low))
    }
}

// The text forms of RFC 4291 section 2.2, printed as RFC 5952 asks.
extension IPAddress: CustomStringConvertible {
    /// Reads a dotted quad without leading zeros, or an IPv6 address without zone; nil for anything else.
    public init?(_ text: some StringProtocol) {
        if let number = Self.parseIPv4(text.utf8) {
            self = .v4(number)
        } else if let (high, low) = Self.parseIPv6(text.utf8) {
            self = .v6(high: high, low: low)
        } else {
            return nil
        }
    }

    static func parseIPv4(_ text: some Collection<UInt8>) -> UInt32? {
        guard text.count <= 15 else { return nil }
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var number: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
            var byte = 0
            for character in part {
                guard UInt8(ascii: "0") <= character, character <= UInt8(ascii: "9") else { return nil }
                byte = byte * 10 + Int(character - UInt8(ascii: "0"))
            }
            guard byte <= 255 else { return nil }
            number = number << 8 | UInt32(byte)
        }
        return number
    }

    static func parseIPv6(_ text: some Collection<UInt8>) -> (high: UInt64, low: UInt64)? {
        guard (2...45).contains(text.count) else { return nil }
        let text = Array(text)
        let colon = UInt8(ascii: ":")
        let gap = text.indices.dropLast().first { text[$0] == colon && text[$0 + 1] == colon }
        var groups: [UInt16]
        if let gap {
            guard let head = parseGroups(text[..<gap], allowsQuad: false),
                let tail = parseGroups(text[(gap + 2)...], allowsQuad: true), head.count + tail.count < 8
            else { return nil }
            groups = head + repeatElement(0, count: 8 - head.count - tail.count) + tail
        } else {
            groups = parseGroups(text[...], allowsQuad: true) ?? []
        }
        guard groups.count == 8 else { return nil }
        return (
            groups.prefix(4).reduce(0) { $0 << 16 | UInt64($1) }, groups.suffix(4).reduce(0) { $0 << 16 | UInt64($1) }
        )
    }

    /// Groups of up to four hexadecimal digits between colons, of which the last may be a dotted quad for two groups.
    private static func parseGroups(_ text: ArraySlice<UInt8>, allowsQuad: Bool) -> [UInt16]? {
        if text.isEmpty { return [] }
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if allowsQuad, index == parts.count - 1, let quad = parseIPv4(part) {
                groups.append(UInt16(truncatingIfNeeded: quad >> 16))
                groups.append(UInt16(truncatingIfNeeded: quad))
            } else {
                guard part.count <= 4, part.allSatisfy(isHexDigit),
                    let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }

    private static func isHexDigit(_ character: UInt8) -> Bool {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    /// The canonical text: a dotted quad, or RFC 5952 with mapped addresses as `::ffff:a.b.c.d`.
    public var description: String {
        switch self {
        case .v4(let number):
            return "\(number >> 24).\(number >> 16 & 0xff).\(number >> 8 & 0xff).\(number & 0xff)"
        case .v6(let high, let low):
            if case .v4 = unmapped { return "::ffff:\(unmapped)" }
            let groups = (0..<8).map { UInt16(truncatingIfNeeded: ($0 < 4 ? high : low) >> UInt64(48 - 16 * ($0 % 4))) }
            let gap = Self.longestZeroRun(in: groups)
            func joined(_ part: ArraySlice<UInt16>) -> String {
                part.map { String($0, radix: 16) }.joined(separator: ":")
            }
            guard gap.count > 1 else { return joined(groups[...]) }
            return joined(groups[..<gap.lowerBound]) + "::" + joined(groups[gap.upperBound...])
        }
    }

    /// The first of the longest runs of zero groups.
    private static func longestZeroRun(in groups: [UInt16]) -> Range<Int> {
        var longest = 0..<0
        var start = 0
        for (index, group) in groups.enumerated() {
            if group != 0 {
                start = index + 1
            } else if index + 1 - start > longest.count {
                longest = start..<(index + 1)
            }
        }
        return longest
    }
}
