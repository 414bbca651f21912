import NIOCore
import Wire

/// What one peer tells another: changes of its wantlist, blocks, and which blocks it has.
///
/// Spec: ipfs/specs `src/bitswap-protocol.md`. The three versions share one message; ``limited(to:)`` leaves out what an
/// older one can't say.
struct BitswapMessage: Hashable, Sendable {
    /// The longest message, in bytes, that the specification allows.
    static let maxLength = 4 * 1024 * 1024
    /// Entries that are read; those beyond are skipped. go remembers as many wants of one peer.
    static let maxWants = 1024
    static let maxBlocks = 1024
    static let maxPresences = 2048

    var wants: [Want] = []
    /// Whether ``wants`` are all that the sender wants, and not a change.
    var isFullWantlist = false
    var blocks: [BlockPayload] = []
    var presences: [BlockPresence] = []
    /// Bytes that wait to be sent to the receiver, as far as the sender tells.
    var pendingBytes: Int32 = 0

    var isEmpty: Bool { wants.isEmpty && blocks.isEmpty && presences.isEmpty }

    /// What of the message can be said in a version: before 1.2 a want-have would be read as a want of the block.
    func limited(to version: BitswapVersion) -> BitswapMessage {
        var message = self
        if !version.hasPresences {
            message.wants = wants.compactMap { want in
                guard want.kind == .block || want.isCancel else { return nil }
                return Want(cid: want.cid, priority: want.priority, isCancel: want.isCancel)
            }
            message.presences = []
            message.pendingBytes = 0
        }
        if version == .v100 {
            message.blocks = blocks.map { BlockPayload(prefix: nil, data: $0.data) }
        }
        return message
    }

    /// The message with its length in front.
    func frame() -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeDelimited(self)
        return buffer
    }
}

extension BitswapMessage: ProtobufMessage {
    init(from reader: inout ProtobufReader) throws {
        self.init()
        while let field = try reader.nextField() {
            switch field.number {
            case 1: try readWantlist(try field.bytes())
            case 2 where blocks.count < Self.maxBlocks:
                blocks.append(BlockPayload(prefix: nil, data: try field.bytes()))
            case 3 where blocks.count < Self.maxBlocks:
                if let block = try BlockPayload(field) { blocks.append(block) }
            case 4 where presences.count < Self.maxPresences:
                if let presence = try BlockPresence(field) { presences.append(presence) }
            case 5: pendingBytes = try field.int32()
            default: break
            }
        }
    }

    private mutating func readWantlist(_ bytes: ByteBuffer) throws {
        var reader = ProtobufReader(bytes)
        while let field = try reader.nextField() {
            switch field.number {
            case 1 where wants.count < Self.maxWants:
                if let want = try Want(field) { wants.append(want) }
            case 2: isFullWantlist = try field.bool()
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        if !wants.isEmpty || isFullWantlist {
            writer.message(1) { list in
                for want in wants { list.message(1) { want.write(to: &$0) } }
                if isFullWantlist { list.bool(2, true) }
            }
        }
        for block in blocks {
            if block.prefix == nil {
                writer.bytes(2, block.data)
            } else {
                writer.message(3) { block.write(to: &$0) }
            }
        }
        for presence in presences { writer.message(4) { presence.write(to: &$0) } }
        if pendingBytes != 0 { writer.int32(5, pendingBytes) }
    }
}
