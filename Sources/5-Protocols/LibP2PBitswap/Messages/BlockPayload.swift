import NIOCore
import Wire

/// A block on the wire: bytes, and how they are named.
struct BlockPayload: Hashable, Sendable {
    /// Nil for the form of version 1.0, which has none.
    var prefix: CIDPrefix?
    var data: ByteBuffer

    init(prefix: CIDPrefix?, data: ByteBuffer) {
        self.prefix = prefix
        self.data = data
    }

    init(_ block: Block) {
        self.init(prefix: CIDPrefix(block.cid), data: ByteBuffer(bytes: block.data))
    }

    /// The verified block.
    ///
    /// - Throws: ``BitswapError``: `.unsupportedHash`, `.blockTooLarge`.
    func block() throws(BitswapError) -> Block {
        guard data.readableBytes <= Block.maxSize else {
            throw BitswapError(
                .blockTooLarge, "a block of \(data.readableBytes) bytes is over the limit of \(Block.maxSize)")
        }
        return try Block([UInt8](data.readableBytesView), prefix: prefix ?? .version0)
    }
}

extension BlockPayload {
    /// Reads the form of version 1.1; nil when its prefix is not one.
    init?(_ field: ProtobufField) throws {
        var reader = ProtobufReader(try field.bytes())
        var prefix: CIDPrefix?
        var data = ByteBuffer()
        while let field = try reader.nextField() {
            switch field.number {
            case 1: prefix = CIDPrefix(bytes: try field.byteArray())
            case 2: data = try field.bytes()
            default: break
            }
        }
        guard let prefix else { return nil }
        self.init(prefix: prefix, data: data)
    }

    func write(to writer: inout ProtobufWriter) {
        writer.bytes(1, (prefix ?? .version0).bytes)
        writer.bytes(2, data)
    }
}
