import NIOCore
import Testing

/// Bytes written as hex digits, as the vectors have them.
func hex(_ text: String) throws -> [UInt8] {
    let digits = Array(text)
    try #require(digits.count.isMultiple(of: 2))
    return try stride(from: 0, to: digits.count, by: 2).map {
        try #require(UInt8(String(digits[$0...$0 + 1]), radix: 16))
    }
}

/// A buffer of bytes written as hex digits, behind a byte that was read already: index 0 is no special place.
func buffer(_ text: String) throws -> ByteBuffer {
    var buffer = ByteBuffer(bytes: [0xee] + (try hex(text)))
    buffer.moveReaderIndex(forwardBy: 1)
    return buffer
}
