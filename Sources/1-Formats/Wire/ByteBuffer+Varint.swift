public import NIOCore

/// Unsigned varints as multiformats defines them: little groups of seven bits, minimal, at most 9 bytes (63 bits).
///
/// Spec: multiformats/unsigned-varint. Protobuf's varints are another format (up to 10 bytes, padding allowed); they are
/// read by ``ProtobufReader`` only.
extension ByteBuffer {
    /// The longest varint in bytes.
    public static var maxVarintLength: Int { 9 }

    /// The greatest value a varint may hold.
    public static var maxVarint: UInt64 { UInt64(Int64.max) }

    /// Looks at a varint without consuming it.
    ///
    /// - Parameter index: where it starts; an index outside of the readable bytes counts as "nothing there yet".
    /// - Returns: the value and how many bytes it takes, or nil while bytes are missing.
    /// - Throws: ``WireError`` when no further byte can make it valid.
    public func getVarint(at index: Int) throws(WireError) -> (value: UInt64, length: Int)? {
        var value: UInt64 = 0
        for position in 0..<Self.maxVarintLength {
            guard let byte = getInteger(at: index &+ position, as: UInt8.self) else { return nil }
            value |= UInt64(byte & 0x7f) << UInt64(7 * position)
            guard byte < 0x80 else { continue }
            guard byte != 0 || position == 0 else {
                throw WireError(.nonMinimalVarint, "varint of value \(value) is padded to \(position + 1) bytes")
            }
            return (value, position + 1)
        }
        throw WireError(.varintTooLong, "varint is longer than \(Self.maxVarintLength) bytes")
    }

    /// Reads a varint.
    ///
    /// - Returns: the value, or nil while bytes are missing; then nothing is consumed.
    /// - Throws: ``WireError`` when no further byte can make it valid; nothing is consumed.
    public mutating func readVarint() throws(WireError) -> UInt64? {
        guard let (value, length) = try getVarint(at: readerIndex) else { return nil }
        moveReaderIndex(forwardBy: length)
        return value
    }

    /// Writes a varint.
    ///
    /// - Parameter value: at most ``maxVarint``; a greater one is a mistake of the caller and traps.
    /// - Returns: the number of bytes written.
    @discardableResult
    public mutating func writeVarint(_ value: UInt64) -> Int {
        precondition(value <= Self.maxVarint, "a varint holds 63 bits")
        return writeBase128(value)
    }

    /// Writes seven bits a byte, lowest first; all but the last byte have the high bit set. Up to 10 bytes.
    @discardableResult
    mutating func writeBase128(_ value: UInt64) -> Int {
        var rest = value
        var length = 1
        while rest >= 0x80 {
            writeInteger(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
            length += 1
        }
        writeInteger(UInt8(truncatingIfNeeded: rest))
        return length
    }
}
