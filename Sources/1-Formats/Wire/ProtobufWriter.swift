public import NIOCore

/// Writes protobuf fields into a buffer, in the order in which they are given.
///
/// Presence is explicit: what is written is on the wire, zero or empty as it may be, and what is absent is not. The same
/// calls make the same bytes: varints are minimal, so keys and signed records come out deterministic.
public struct ProtobufWriter: Sendable {
    private var buffer: ByteBuffer

    /// Writes behind the bytes a buffer holds already.
    public init(into buffer: consuming ByteBuffer = ByteBuffer()) {
        self.buffer = buffer
    }

    /// The buffer with all that was written.
    public consuming func finish() -> ByteBuffer {
        buffer
    }

    /// A `uint64`, an enumeration, or the bits of an `int64`.
    public mutating func varint(_ field: Int, _ value: UInt64) {
        tag(field, wireType: 0)
        buffer.writeBase128(value)
    }

    /// An `int32`; negative values take ten bytes, as protobuf asks.
    public mutating func int32(_ field: Int, _ value: Int32) {
        varint(field, UInt64(bitPattern: Int64(value)))
    }

    /// A `bool`.
    public mutating func bool(_ field: Int, _ value: Bool) {
        varint(field, value ? 1 : 0)
    }

    /// A `fixed64`.
    public mutating func fixed64(_ field: Int, _ value: UInt64) {
        tag(field, wireType: 1)
        buffer.writeInteger(value, endianness: .little)
    }

    /// A `fixed32`.
    public mutating func fixed32(_ field: Int, _ value: UInt32) {
        tag(field, wireType: 5)
        buffer.writeInteger(value, endianness: .little)
    }

    /// A `bytes` field.
    public mutating func bytes(_ field: Int, _ value: ByteBuffer) {
        tag(field, wireType: 2)
        buffer.writeDelimited(value)
    }

    /// A `bytes` field.
    public mutating func bytes(_ field: Int, _ value: [UInt8]) {
        tag(field, wireType: 2)
        buffer.writeDelimited(value)
    }

    /// A `string` field.
    public mutating func string(_ field: Int, _ value: String) {
        tag(field, wireType: 2)
        buffer.writeBase128(UInt64(value.utf8.count))
        buffer.writeString(value)
    }

    /// A message field, written in place.
    public mutating func message(_ field: Int, _ message: some ProtobufMessage) {
        tag(field, wireType: 2)
        let mark = buffer.beginLengthPrefix()
        message.write(to: &self)
        buffer.endLengthPrefix(mark)
    }

    /// A message field whose fields the closure writes, in place.
    public mutating func message(_ field: Int, _ body: (inout ProtobufWriter) throws -> Void) rethrows {
        tag(field, wireType: 2)
        let mark = buffer.beginLengthPrefix()
        try body(&self)
        buffer.endLengthPrefix(mark)
    }

    private mutating func tag(_ field: Int, wireType: UInt64) {
        precondition(field >= 0 && field < 1 << 29, "protobuf has no such field number")
        buffer.writeBase128(UInt64(field) << 3 | wireType)
    }
}
