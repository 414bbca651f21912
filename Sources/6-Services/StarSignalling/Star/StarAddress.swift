package import NIOCore

/// What a peer joins under: any text of 1 to 1,024 bytes of UTF-8. It is never parsed as a multiaddr, because clients
/// join with all sorts.
///
/// Bytes and not a `String`, which would call texts equal that merely look the same.
package struct StarAddress: Hashable, Sendable {
    /// The most bytes that an address may have.
    package static let longest = 1024

    /// The UTF-8 bytes.
    package let bytes: [UInt8]

    /// Takes bytes over; nil when they are too few, too many, or no UTF-8.
    package init?(bytes: [UInt8]) {
        guard !bytes.isEmpty, bytes.count <= Self.longest, (try? UTF8Span(validating: bytes.span)) != nil else {
            return nil
        }
        self.bytes = bytes
    }

    /// Takes a text over; nil when it is empty or too long.
    package init?(_ text: some StringProtocol) { self.init(bytes: Array(text.utf8)) }

    /// Reads one JSON text; nil unless it is a string that can be an address.
    package init?(json: ByteBuffer) {
        guard let bytes = AddressText.decode(json.readableBytesUInt8Span, atMost: Self.longest) else { return nil }
        self.init(bytes: bytes)
    }

    /// The address as a JSON string.
    package var json: ByteBuffer {
        var text = ByteBuffer()
        text.reserveCapacity(bytes.count + 2)
        AddressText.encode(bytes.span, to: &text)
        return text
    }

    /// Equal byte by byte.
    package static func == (left: StarAddress, right: StarAddress) -> Bool { left.bytes == right.bytes }

    /// Hashes all bytes at once: an array would hash them one by one.
    package func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

extension StarAddress: CustomStringConvertible {
    /// The text.
    package var description: String { String(decoding: bytes, as: UTF8.self) }
}
