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
        let offset = index &- readerIndex
        guard offset >= 0, offset < readableBytes else { return nil }
        return try withUnsafeReadableBytes { bytes throws(WireError) in
            try Self.varint(in: UnsafeRawBufferPointer(rebasing: bytes[offset...]))
        }
    }

    private static func varint(in bytes: UnsafeRawBufferPointer) throws(WireError) -> (value: UInt64, length: Int)? {
        var value: UInt64 = 0
        for position in 0..<min(bytes.count, maxVarintLength) {
            let byte = bytes[position]
            value |= UInt64(byte & 0x7f) << UInt64(7 * position)
            guard byte < 0x80 else { continue }
            guard byte != 0 || position == 0 else {
                throw WireError(.nonMinimalVarint, "varint of value \(value) is padded to \(position + 1) bytes")
            }
            return (value, position + 1)
        }
        guard bytes.count < maxVarintLength else {
            throw WireError(.varintTooLong, "varint is longer than \(maxVarintLength) bytes")
        }
        return nil
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
        writeWithUnsafeMutableBytes(minimumWritableBytes: Self.maxBase128Length) { $0.storeBase128(value, at: 0) }
    }

    /// What 64 bits take when seven go into a byte.
    static var maxBase128Length: Int { 10 }
}

extension UnsafeMutableRawBufferPointer {
    /// Stores what ``ByteBuffer/writeBase128(_:)`` writes; there must be room for 10 bytes.
    ///
    /// - Returns: the offset behind it.
    func storeBase128(_ value: UInt64, at offset: Int) -> Int {
        var end = offset
        var rest = value
        while rest >= 0x80 {
            self[end] = UInt8(truncatingIfNeeded: rest) | 0x80
            rest >>= 7
            end += 1
        }
        self[end] = UInt8(truncatingIfNeeded: rest)
        return end + 1
    }

    /// Stores bytes for which there must be room.
    ///
    /// - Returns: the offset behind them.
    func store(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
        UnsafeMutableRawBufferPointer(rebasing: self[offset...]).copyMemory(from: bytes)
        return offset + bytes.count
    }
}
