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
        let tag = try readVarint()
        let number = tag >> 3
        guard number >= lowestField, number < 1 << 29 else {
            throw WireError(.invalidFieldNumber, "protobuf field number \(number) is not allowed")
        }
        return ProtobufField(number: Int(number), value: try readValue(wireType: UInt8(tag & 7), of: number))
    }

    private mutating func readValue(wireType: UInt8, of number: UInt64) throws(WireError) -> ProtobufField.Value {
        switch wireType {
        case 0:
            return .varint(try readVarint())
        case 1:
            guard let value = buffer.readInteger(endianness: .little, as: UInt64.self) else {
                throw Self.truncated(number)
            }
            return .fixed64(value)
        case 2:
            let length = try readVarint()
            guard length <= UInt64(buffer.readableBytes), let bytes = buffer.readSlice(length: Int(length)) else {
                throw Self.truncated(number)
            }
            return .bytes(bytes)
        case 5:
            guard let value = buffer.readInteger(endianness: .little, as: UInt32.self) else {
                throw Self.truncated(number)
            }
            return .fixed32(value)
        default:
            throw WireError(.unsupportedWireType, "protobuf field \(number) has unsupported wire type \(wireType)")
        }
    }

    /// A varint by protobuf's rules: at most 10 bytes, padding with zero groups allowed, value below 2^64.
    private mutating func readVarint() throws(WireError) -> UInt64 {
        guard let value = try buffer.readProtobufVarint() else {
            throw WireError(.truncated, "protobuf message ends within a varint")
        }
        return value
    }

    private static func truncated(_ number: UInt64) -> WireError {
        WireError(.truncated, "protobuf message ends within field \(number)")
    }
}

extension ByteBuffer {
    /// Reads a varint by protobuf's rules; nil when bytes are missing.
    mutating func readProtobufVarint() throws(WireError) -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while let byte = readInteger(as: UInt8.self) {
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
}
