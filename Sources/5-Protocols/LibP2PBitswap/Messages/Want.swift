import Multiformats
import Wire

/// One entry of a wantlist.
struct Want: Hashable, Sendable {
    /// What is wanted of a block.
    enum Kind: UInt64, Sendable {
        /// The block itself.
        case block = 0
        /// Whether it is there. Since version 1.2.
        case have = 1
    }

    var cid: CID
    var kind = Kind.block
    /// Higher ones are to be answered first.
    var priority: Int32 = 1
    /// Whether the entry ends an earlier one.
    var isCancel = false
    /// Whether the peer is to say so when it does not have the block. Since version 1.2.
    var asksForDenial = false

    /// Asks for a block, and for a word when it is not there.
    static func block(_ cid: CID) -> Want { Want(cid: cid, asksForDenial: true) }
    /// Asks whether a block is there.
    static func have(_ cid: CID) -> Want { Want(cid: cid, kind: .have, asksForDenial: true) }
    /// Takes back what was asked.
    static func cancel(_ cid: CID) -> Want { Want(cid: cid, isCancel: true) }
}

extension Want {
    /// Reads an entry; nil when its CID is not one, so that one unreadable entry does not cost the others.
    init?(_ field: ProtobufField) throws {
        var reader = ProtobufReader(try field.bytes())
        var cid: CID?
        var kind = Kind.block
        var priority: Int32 = 0
        var isCancel = false
        var asksForDenial = false
        while let field = try reader.nextField() {
            switch field.number {
            case 1: cid = try? CID(bytes: try field.byteArray())
            case 2: priority = try field.int32()
            case 3: isCancel = try field.bool()
            case 4: kind = Kind(rawValue: try field.varint()) ?? .block
            case 5: asksForDenial = try field.bool()
            default: break
            }
        }
        guard let cid else { return nil }
        self.init(cid: cid, kind: kind, priority: priority, isCancel: isCancel, asksForDenial: asksForDenial)
    }

    func write(to writer: inout ProtobufWriter) {
        writer.bytes(1, cid.bytes)
        if priority != 0 { writer.int32(2, priority) }
        if isCancel { writer.bool(3, true) }
        if kind != .block { writer.varint(4, kind.rawValue) }
        if asksForDenial { writer.bool(5, true) }
    }
}
