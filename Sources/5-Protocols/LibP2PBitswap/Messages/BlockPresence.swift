import Multiformats
import Wire

/// Whether the sender has a block. Since version 1.2.
struct BlockPresence: Hashable, Sendable {
    var cid: CID
    var isThere: Bool
}

extension BlockPresence {
    /// Reads an entry; nil when its CID is not one, or it says neither yes nor no.
    init?(_ field: ProtobufField) throws {
        var reader = ProtobufReader(try field.bytes())
        var cid: CID?
        var kind: UInt64 = 0
        while let field = try reader.nextField() {
            switch field.number {
            case 1: cid = try? CID(bytes: try field.byteArray())
            case 2: kind = try field.varint()
            default: break
            }
        }
        guard let cid, kind <= 1 else { return nil }
        self.init(cid: cid, isThere: kind == 0)
    }

    func write(to writer: inout ProtobufWriter) {
        writer.bytes(1, cid.bytes)
        // Written even when it is 0: the word matters too much to be left to a reader's defaults.
        writer.varint(2, isThere ? 0 : 1)
    }
}
