// The text form of values.
extension MultiaddrValueForm {
    /// The bytes of a value's text, or nil when it is not of this form. The bytes have the right fixed length, and still have to
    /// be checked for defects.
    func parse(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        switch self {
        case .none:
            nil
        case .ip4:
            IPAddress.parseIPv4(text).map { IPAddress.v4($0).bytes }
        case .ip6:
            IPAddress.parseIPv6(text).map { IPAddress.v6(high: $0.high, low: $0.low).bytes }
        case .port:
            Self.parseNumber(text, as: UInt16.self).map(Self.bigEndian)
        case .prefixLength:
            Self.parseNumber(text, as: UInt8.self).map(Self.bigEndian)
        case .number:
            Self.parseNumber(text, as: UInt64.self).map(Self.bigEndian)
        case .name, .path:
            Array(text)
        case .httpPath:
            Self.removingPercentEncoding(text)
        case .peer:
            Self.parsePeer(String(decoding: text, as: UTF8.self))
        case .certhash:
            try? Multibase.decode(String(decoding: text, as: UTF8.self)).1
        case .onion(let keyLength):
            Self.parseOnion(text, keyLength: keyLength)
        case .garlic64:
            Self.garlicBase64.decode(text)
        case .garlic32:
            try? Multibase.base32.decodeBody(String(decoding: text, as: UTF8.self))
        }
    }

    /// The text of a valid value.
    func text(of value: ArraySlice<UInt8>) -> String {
        switch self {
        case .none:
            ""
        case .ip4, .ip6:
            IPAddress(bytes: value)?.description ?? ""
        case .port, .prefixLength, .number:
            String(value.reduce(0 as UInt64) { $0 << 8 | UInt64($1) })
        case .name, .path:
            String(decoding: value, as: UTF8.self)
        case .httpPath:
            Self.addingPercentEncoding(value)
        case .peer:
            Base58.encode(value)
        case .certhash:
            Multibase.base64url.encode(value)
        case .onion:
            Multibase.base32.encodeBody(value.dropLast(2)) + ":" + Self.port.text(of: value.suffix(2))
        case .garlic64:
            String(decoding: Self.garlicBase64.encode(value), as: UTF8.self)
        case .garlic32:
            Multibase.base32.encodeBody(value)
        }
    }
}

extension MultiaddrValueForm {
    /// I2P writes `-` and `~` where base 64 has `+` and `/`.
    private static let garlicBase64 = BitBase(
        alphabet: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-~", bitsPerCharacter: 6,
        padding: .required)

    /// Digits only: no sign, and no leading zeros.
    private static func parseNumber<Number: FixedWidthInteger>(
        _ text: ArraySlice<UInt8>, as type: Number.Type
    ) -> Number? {
        guard text.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
            text.count == 1 || text.first != UInt8(ascii: "0")
        else { return nil }
        return Number(String(decoding: text, as: UTF8.self))
    }

    private static func bigEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    /// A peer id in base 58, or as a CID of the codec libp2p-key in any multibase. A CID of dag-pb passes too: such addresses
    /// are in circulation, and the bytes are the bare multihash in any case.
    private static func parsePeer(_ text: String) -> [UInt8]? {
        if text.hasPrefix("Qm") || text.hasPrefix("1") { return try? Base58.decode(text) }
        guard let cid = try? CID(text), cid.codec == .libp2pKey || cid.codec == .dagPB else { return nil }
        return cid.multihash.bytes
    }

    private static func parseOnion(_ text: ArraySlice<UInt8>, keyLength: Int) -> [UInt8]? {
        guard let colon = text.lastIndex(of: UInt8(ascii: ":")),
            let key = try? Multibase.base32.decodeBody(String(decoding: text[..<colon], as: UTF8.self)),
            key.count == keyLength, let port = Self.port.parse(text[(colon + 1)...])
        else { return nil }
        return key + port
    }

    private static func removingPercentEncoding(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text
        while let character = rest.popFirst() {
            if character == UInt8(ascii: "%") {
                guard let high = rest.popFirst(), let low = rest.popFirst(),
                    let byte = try? Multibase.base16.decodeBody(String(decoding: [high, low], as: UTF8.self)).first
                else { return nil }
                bytes.append(byte)
            } else {
                bytes.append(character)
            }
        }
        return bytes
    }

    /// Encodes all but RFC 3986's unreserved characters.
    private static func addingPercentEncoding(_ value: ArraySlice<UInt8>) -> String {
        var text: [UInt8] = []
        for byte in value {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                text.append(byte)
            default:
                text.append(UInt8(ascii: "%"))
                text.append(contentsOf: Multibase.base16upper.encodeBody(CollectionOfOne(byte)).utf8)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
