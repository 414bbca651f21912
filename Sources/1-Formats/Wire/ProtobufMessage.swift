public import NIOCore

/// A message in protobuf's wire format, read and written by hand.
///
/// A type states its fields once for each direction:
/// ```swift
/// init(from reader: inout ProtobufReader) throws {
///     while let field = try reader.nextField() {
///         switch field.number {
///         case 1: id = try field.byteArray()     // Last value wins, as protobuf asks.
///         case 2: addresses.append(try field.bytes())
///         default: break                         // Unknown fields are skipped.
///         }
///     }
/// }
/// ```
/// Repeated fields need a bound of the message's own: an empty element takes two bytes on the wire and more in memory.
/// Nesting is as deep as the types are: a reader never recurses by itself.
public protocol ProtobufMessage: Sendable {
    /// Reads the message from all fields the reader has.
    init(from reader: inout ProtobufReader) throws

    /// Writes the fields, in tag order unless the format says otherwise.
    func write(to writer: inout ProtobufWriter)
}

extension ProtobufMessage {
    /// Reads a message from all readable bytes of a buffer.
    public init(protobuf buffer: ByteBuffer) throws {
        var reader = ProtobufReader(buffer)
        try self.init(from: &reader)
    }

    /// Reads a message from bytes.
    public init(protobuf bytes: [UInt8]) throws {
        try self.init(protobuf: ByteBuffer(bytes: bytes))
    }

    /// The message's bytes in a new buffer.
    public func serialized() -> ByteBuffer {
        var writer = ProtobufWriter()
        write(to: &writer)
        return writer.finish()
    }

    /// The message's bytes as an array.
    public func protobufBytes() -> [UInt8] {
        serialized().withUnsafeReadableBytes { [UInt8]($0) }
    }
}
