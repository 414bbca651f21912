import NIOCore
import Wire

extension FuzzTarget {
    static let wire = [
        FuzzTarget("protobuf") { input in
            try walk(ByteBuffer(bytes: input), acceptsFieldZero: true, depth: 2)
            return try walk(ByteBuffer(bytes: input), acceptsFieldZero: false, depth: 8)
        }
    ]

    /// Reads all fields as what they may be, writes them again and compares, and goes into those that hold bytes.
    ///
    /// - Returns: whether the end was reached; what stands inside of the fields may be anything.
    @discardableResult
    private static func walk(_ buffer: ByteBuffer, acceptsFieldZero: Bool, depth: Int) throws -> Bool {
        var reader = ProtobufReader(buffer, acceptsFieldZero: acceptsFieldZero)
        var length = 0
        while true {
            let field: ProtobufField
            do {
                guard let next = try reader.nextField() else { return true }
                field = next
            } catch {
                return false
            }
            length += 2
            try require(length <= buffer.readableBytes, "every field takes two bytes at least")
            try checkAccessors(of: field, in: buffer)
            try checkWriting(of: field)
            if depth > 0, case .bytes(let bytes) = field.value {
                length += bytes.readableBytes
                try walk(bytes, acceptsFieldZero: acceptsFieldZero, depth: depth - 1)
            }
        }
    }

    private static func checkAccessors(of field: ProtobufField, in buffer: ByteBuffer) throws {
        _ = (try? field.int32(), try? field.bool(), try? field.fixed64(), try? field.fixed32())
        if let text = try? field.string() {
            try requireEqual(Array(text.utf8), try field.byteArray(), "a string has the bytes it was read from")
        }
        var values: [UInt64] = []
        try? field.appendVarints(to: &values, max: 20)
        try require(values.count <= 20 && values.count <= buffer.readableBytes, "packed lists are bounded")
    }

    private static func checkWriting(of field: ProtobufField) throws {
        var writer = ProtobufWriter()
        switch field.value {
        case .varint(let value): writer.varint(field.number, value)
        case .fixed64(let value): writer.fixed64(field.number, value)
        case .fixed32(let value): writer.fixed32(field.number, value)
        case .bytes(let value): writer.bytes(field.number, value)
        }
        var reader = ProtobufReader(writer.finish(), acceptsFieldZero: true)
        let again = try reader.nextField()
        try requireEqual(again?.number, field.number, "a field's number")
        try requireEqual(again.map { "\($0.value)" }, "\(field.value)", "a field's value")
        try require(try reader.nextField() == nil, "one field is written as one")
    }
}

/// A message means the same when it is written and read again; its size is bounded by what it was read from.
///
/// - Parameter growth: by how much the written form may be longer, where absent fields are written with their defaults.
func requireStable<Message: ProtobufMessage & Equatable>(_ message: Message, from input: [UInt8], growth: Int) throws {
    let written = message.protobufBytes()
    try require(written.count <= input.count + growth, "\(input.count) bytes became \(written.count)")
    try requireEqual(try Message(protobuf: written), message, "a message through its bytes")
    var framed = ByteBuffer()
    framed.writeDelimited(message)
    try requireEqual(try framed.readDelimited(Message.self, max: written.count), message, "a message through its frame")
}
