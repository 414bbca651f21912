public import NIOCore

/// Reads the fields of one protobuf message, one after another, without copying.
///
/// Spec: protobuf.dev encoding. Unknown fields need no care: asking for the next field skips one. Groups, field numbers
/// outside of 1 to 2^29 - 1 and truncated fields are errors.
public struct ProtobufReader: Sendable {
    private var buffer: ByteBuffer
    private let lowestField: UInt64

    /// Reads all readable bytes of a buffer.
    ///
    /// - Parameter acceptsFieldZero: whether field number 0 counts as a field. Protobuf forbids it, but the peer
    ///   discovery messages of js-libp2p before 2023 are numbered from 0.
    public init(_ buffer: ByteBuffer, acceptsFieldZero: Bool = false) {
        self.buffer = buffer
        self.lowestField = acceptsFieldZero ? 0 : 1
    }

    /// The next field, or nil at the message's end.
    ///
    /// - Throws: ``WireError`` when the bytes are no protobuf message; the reader is of no further use then.
    public mutating func nextField() throws(WireError) -> ProtobufField? {
        guard buffer.readableBytes > 0 else { return nil }
        let lowest = lowestField
        let head = try buffer.withUnsafeReadableBytes { bytes throws(WireError) in
            try Head(bytes, lowestField: lowest)
        }
        buffer.moveReaderIndex(forwardBy: head.length)
        switch head.shape {
        case .varint: return ProtobufField(number: head.number, value: .varint(head.value))
        case .fixed64: return ProtobufField(number: head.number, value: .fixed64(head.value))
        case .fixed32:
            return ProtobufField(number: head.number, value: .fixed32(UInt32(truncatingIfNeeded: head.value)))
        case .bytes:
            guard let bytes = buffer.readSlice(length: Int(head.value)) else { throw Self.truncated(head.number) }
            return ProtobufField(number: head.number, value: .bytes(bytes))
        }
    }

    fileprivate static func truncated(_ number: Int) -> WireError {
        WireError(.truncated, "protobuf message ends within field \(number)")
    }
}

/// A field's tag and what follows it: the value, or the length of the bytes.
private struct Head {
    enum Shape { case varint, fixed64, bytes, fixed32 }

    let number: Int
    let shape: Shape
    let value: UInt64
    let length: Int

    init(_ bytes: UnsafeRawBufferPointer, lowestField: UInt64) throws(WireError) {
        var position = 0
        guard let tag = try bytes.protobufVarint(at: &position) else {
            throw WireError(.truncated, "protobuf message ends within a tag")
        }
        guard tag >> 3 >= lowestField, tag >> 3 < 1 << 29 else {
            throw WireError(.invalidFieldNumber, "protobuf field number \(tag >> 3) is not allowed")
        }
        number = Int(tag >> 3)
        let value: UInt64?
        switch tag & 7 {
        case 0:
            shape = .varint
            value = try bytes.protobufVarint(at: &position)
        case 1:
            shape = .fixed64
            value = bytes.littleEndian(byteCount: 8, at: &position)
        case 2:
            shape = .bytes
            value = try bytes.protobufVarint(at: &position)
        case 5:
            shape = .fixed32
            value = bytes.littleEndian(byteCount: 4, at: &position)
        default:
            throw WireError(.unsupportedWireType, "protobuf field \(number) has unsupported wire type \(tag & 7)")
        }
        guard let value, shape != .bytes || value <= UInt64(bytes.count - position) else {
            throw ProtobufReader.truncated(number)
        }
        self.value = value
        length = position
    }
}

extension UnsafeRawBufferPointer {
    /// Reads a varint by protobuf's rules: at most 10 bytes, padding with zero groups allowed, value below 2^64.
    ///
    /// - Returns: nil when bytes are missing.
    func protobufVarint(at position: inout Int) throws(WireError) -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < count {
            let byte = self[position]
            position += 1
            // The tenth byte holds the 64th bit and nothing else.
            guard shift < 63 || byte <= 1 else {
                throw WireError(.varintTooLong, "protobuf varint does not fit in 64 bits")
            }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }

    /// Reads a number of fixed size; nil when bytes are missing.
    fileprivate func littleEndian(byteCount: Int, at position: inout Int) -> UInt64? {
        guard count - position >= byteCount else { return nil }
        var value: UInt64 = 0
        for index in 0..<byteCount { value |= UInt64(self[position + index]) << UInt64(8 * index) }
        position += byteCount
        return value
    }
}
