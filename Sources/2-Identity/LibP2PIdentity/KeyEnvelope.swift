import NIOCore
import Wire

/// The protobuf form shared by public and private keys: `Type = 1`, `Data = 2`.
///
/// A peer id is a hash of these bytes, so they are always written in the same way: both fields, in this order, also for
/// RSA, whose type is 0.
struct KeyEnvelope: ProtobufMessage {
    let type: KeyType
    let data: [UInt8]

    init(type: KeyType, data: [UInt8]) {
        self.type = type
        self.data = data
    }

    init(from reader: inout ProtobufReader) throws {
        var type: UInt64?
        var data: [UInt8]?
        while let field = try reader.nextField() {
            switch field.number {
            case 1: type = try field.varint()
            case 2: data = try field.byteArray()
            default: break
            }
        }
        guard let type, let data else {
            throw IdentityError(.publicKey, "a key lacks its \(type == nil ? "type" : "data")")
        }
        guard let known = KeyType(rawValue: type) else {
            throw IdentityError(.publicKey, "key type \(type) is unknown")
        }
        self.init(type: known, data: data)
    }

    func write(to writer: inout ProtobufWriter) {
        writer.varint(1, type.rawValue)
        writer.bytes(2, data)
    }
}
