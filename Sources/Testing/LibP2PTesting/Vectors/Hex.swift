/// Bytes written as hexadecimal digits, as the test vectors have them.
package struct Hex: Decodable, Sendable {
    /// A text that is not made of pairs of hexadecimal digits.
    package struct Malformed: Error {
        package let text: String
    }

    package let bytes: [UInt8]

    package init(_ text: String) throws {
        let digits = text.compactMap(\.hexDigitValue)
        guard digits.count == text.count, digits.count.isMultiple(of: 2) else { throw Malformed(text: text) }
        bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    package init(from decoder: any Decoder) throws {
        try self.init(try decoder.singleValueContainer().decode(String.self))
    }
}

/// The bytes of hexadecimal digits.
package func hex(_ text: String) throws -> [UInt8] { try Hex(text).bytes }
