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
        let tag = tag(field, wireType: 0)
        write(room: Self.headRoom) { target in
            target.storeBase128(value, at: target.storeBase128(tag, at: 0))
        }
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
        buffer.writeBase128(tag(field, wireType: 1))
        buffer.writeInteger(value, endianness: .little)
    }

    /// A `fixed32`.
    public mutating func fixed32(_ field: Int, _ value: UInt32) {
        buffer.writeBase128(tag(field, wireType: 5))
        buffer.writeInteger(value, endianness: .little)
    }

    /// A `bytes` field.
    public mutating func bytes(_ field: Int, _ value: ByteBuffer) {
        value.withUnsafeReadableBytes { bytes(field, raw: $0) }
    }

    /// A `bytes` field.
    public mutating func bytes(_ field: Int, _ value: [UInt8]) {
        value.withUnsafeBytes { bytes(field, raw: $0) }
    }

    /// A `string` field.
    public mutating func string(_ field: Int, _ value: String) {
        var value = value
        value.withUTF8 { bytes(field, raw: UnsafeRawBufferPointer($0)) }
    }

    /// A message field, written in place.
    public mutating func message(_ field: Int, _ message: some ProtobufMessage) {
        buffer.writeBase128(tag(field, wireType: 2))
        let mark = buffer.beginLengthPrefix()
        message.write(to: &self)
        buffer.endLengthPrefix(mark)
    }

    /// A message field whose fields the closure writes, in place.
    public mutating func message(_ field: Int, _ body: (inout ProtobufWriter) throws -> Void) rethrows {
        buffer.writeBase128(tag(field, wireType: 2))
        let mark = buffer.beginLengthPrefix()
        try body(&self)
        buffer.endLengthPrefix(mark)
    }

    /// Room for a tag and a value or length.
    private static let headRoom = 2 * ByteBuffer.maxBase128Length

    private mutating func bytes(_ field: Int, raw: UnsafeRawBufferPointer) {
        let tag = tag(field, wireType: 2)
        write(room: Self.headRoom + raw.count) { target in
            let head = target.storeBase128(UInt64(raw.count), at: target.storeBase128(tag, at: 0))
            return target.store(raw, at: head)
        }
    }

    /// Writes a field in one go: each call into the buffer costs more than the few bytes of a head.
    private mutating func write(room: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: room, body)
    }

    private func tag(_ field: Int, wireType: UInt64) -> UInt64 {
        precondition(field >= 0 && field < 1 << 29, "protobuf has no such field number")
        return UInt64(field) << 3 | wireType
    }
}
