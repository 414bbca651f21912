import LibP2PIdentity
import NIOCore
import Wire

/// A message on the wire, not verified.
///
/// Writing puts the known fields in tag order and leaves unknown ones out, as other programs do: what is sent on is
/// exactly what was signed, whatever form it came in. The data itself is never looked at.
struct WireMessage: Equatable, Sendable {
    var author: [UInt8]?
    /// Shares the storage of the frame it came in.
    var data: ByteBuffer?
    var sequence: [UInt8]?
    /// Programs of 2020 declare a list. More than two are not told apart from two.
    var topics: [String] = []
    var signature: [UInt8]?
    var key: [UInt8]?

    /// The one topic; nil when there is none or more than one.
    var topic: String? { topics.count == 1 ? topics.first : nil }

    /// Its name, if it has the parts; they prove nothing before the signature is verified.
    var id: MessageID? {
        guard let author, let sequence, sequence.count == Self.sequenceLength, author.count <= PeerID.maxLength
        else { return nil }
        return MessageID(bytes: author + sequence)
    }

    /// Authors count in 64 bits, or draw as many by lot.
    static let sequenceLength = 8
}

extension WireMessage: ProtobufMessage {
    init(from reader: inout ProtobufReader) throws {
        while let field = try reader.nextField() {
            switch field.number {
            case 1: author = try field.byteArray()
            case 2: data = try field.bytes()
            case 3: sequence = try field.byteArray()
            case 4 where topics.count < 2: topics.append(try field.string())
            case 5: signature = try field.byteArray()
            case 6: key = try field.byteArray()
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        writeSigned(to: &writer)
        if let signature { writer.bytes(5, signature) }
        if let key { writer.bytes(6, key) }
    }

    /// Writes what a signature covers: neither itself nor the key.
    func writeSigned(to writer: inout ProtobufWriter) {
        if let author { writer.bytes(1, author) }
        if let data { writer.bytes(2, data) }
        if let sequence { writer.bytes(3, sequence) }
        for topic in topics { writer.string(4, topic) }
    }
}
