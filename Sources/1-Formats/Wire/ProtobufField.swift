public import NIOCore

/// One field of a protobuf message: its number and its value, read as the type that the message declares.
///
/// The accessors throw `WireError` with code `wrongWireType` when the field came in another shape.
public struct ProtobufField: Sendable {
    /// A value in one of the wire format's four shapes.
    public enum Value: Sendable {
        /// Wire type 0: integers, booleans and enumerations.
        case varint(UInt64)
        /// Wire type 1: eight bytes, little-endian.
        case fixed64(UInt64)
        /// Wire type 2: bytes, strings, messages and packed lists. Shares the storage of the buffer it was read from.
        case bytes(ByteBuffer)
        /// Wire type 5: four bytes, little-endian.
        case fixed32(UInt32)
    }

    /// The field's number.
    public let number: Int
    /// The value as it came.
    public let value: Value

    /// A `uint64`, an enumeration, or the bits of an `int64`.
    public func varint() throws(WireError) -> UInt64 {
        guard case .varint(let value) = value else { throw wrongWireType("a varint") }
        return value
    }

    /// An `int32`; longer values are cut to their low 32 bits, as protobuf asks.
    public func int32() throws(WireError) -> Int32 {
        Int32(truncatingIfNeeded: try varint())
    }

    /// A `bool`: any value but 0 is true.
    public func bool() throws(WireError) -> Bool {
        try varint() != 0
    }

    /// A `fixed64`.
    public func fixed64() throws(WireError) -> UInt64 {
        guard case .fixed64(let value) = value else { throw wrongWireType("eight bytes") }
        return value
    }

    /// A `fixed32`.
    public func fixed32() throws(WireError) -> UInt32 {
        guard case .fixed32(let value) = value else { throw wrongWireType("four bytes") }
        return value
    }

    /// A `bytes` field as a slice of the message: nothing is copied, and the message's storage lives as long as it.
    public func bytes() throws(WireError) -> ByteBuffer {
        guard case .bytes(let value) = value else { throw wrongWireType("length-prefixed bytes") }
        return value
    }

    /// A `bytes` field as an array of its own.
    public func byteArray() throws(WireError) -> [UInt8] {
        try bytes().withUnsafeReadableBytes { [UInt8]($0) }
    }

    /// A `string` field.
    ///
    /// - Throws: ``WireError``, also when the bytes are not UTF-8.
    public func string() throws(WireError) -> String {
        let bytes = try bytes()
        guard let text = String(validating: bytes.readableBytesView, as: UTF8.self) else {
            throw WireError(.invalidUTF8, "protobuf string field \(number) is not UTF-8")
        }
        return text
    }

    /// A message field.
    ///
    /// - Throws: ``WireError``, or what the message's initialiser throws.
    public func message<Message: ProtobufMessage>(_ type: Message.Type = Message.self) throws -> Message {
        try Message(protobuf: try bytes())
    }

    /// Adds the values of a `repeated` integer or enumeration field, which peers send packed or one by one.
    ///
    /// - Parameters:
    ///   - values: gets the new values at its end.
    ///   - max: how many values it may hold.
    /// - Throws: ``WireError`` when a value is malformed or `max` is exceeded.
    public func appendVarints(to values: inout [UInt64], max: Int) throws(WireError) {
        if case .bytes(let packed) = value {
            try packed.withUnsafeReadableBytes { bytes throws(WireError) in
                var position = 0
                while position < bytes.count {
                    guard let value = try bytes.protobufVarint(at: &position) else {
                        throw WireError(.truncated, "packed protobuf field \(number) ends within a varint")
                    }
                    try append(value, to: &values, max: max)
                }
            }
        } else {
            try append(try varint(), to: &values, max: max)
        }
    }

    private func append(_ value: UInt64, to values: inout [UInt64], max: Int) throws(WireError) {
        guard values.count < max else {
            throw WireError(.tooManyElements, "protobuf field \(number) has more than \(max) elements")
        }
        values.append(value)
    }

    private func wrongWireType(_ expected: String) -> WireError {
        let found =
            switch value {
            case .varint: "a varint"
            case .fixed64: "eight bytes"
            case .bytes: "length-prefixed bytes"
            case .fixed32: "four bytes"
            }
        return WireError(.wrongWireType, "protobuf field \(number) holds \(found) where \(expected) belongs")
    }
}
