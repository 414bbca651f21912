import NIOCore

/// The frames that a server sends most: final, text, not masked (RFC 6455, section 5.2).
enum WebSocketTextFrame {
    /// Writes the header of a frame with a payload of so many bytes.
    ///
    /// - Returns: the header's length.
    static func writeHeader(payload length: Int, to buffer: inout ByteBuffer) -> Int {
        let finalText: UInt8 = 0x81
        switch length {
        case ..<126:
            return buffer.writeMultipleIntegers(finalText, UInt8(truncatingIfNeeded: length))
        case ...0xffff:
            return buffer.writeMultipleIntegers(finalText, UInt8(126), UInt16(truncatingIfNeeded: length))
        default:
            return buffer.writeMultipleIntegers(finalText, UInt8(127), UInt64(length))
        }
    }
}
