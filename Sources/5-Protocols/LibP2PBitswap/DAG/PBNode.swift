import Multiformats
import Wire

/// A node of dag-pb (ipld.io/specs/codecs/dag-pb), as far as its links go: what UnixFS files and directories are made of.
///
/// Old blocks have the links in front of the data, others behind it: both are read.
struct PBNode {
    private(set) var links: [DAGLink] = []

    init(_ bytes: [UInt8]) throws(BitswapError) {
        do {
            let node = try Message(protobuf: bytes)
            links = node.links
        } catch let error as BitswapError {
            throw error
        } catch {
            throw BitswapError(.malformedBlock, "a block is not a dag-pb node", cause: error)
        }
    }

    private struct Message: ProtobufMessage {
        var links: [DAGLink] = []

        init(from reader: inout ProtobufReader) throws {
            while let field = try reader.nextField() {
                switch field.number {
                case 1: _ = try field.bytes()
                case 2:
                    guard links.count < Block.maxLinks else {
                        throw BitswapError(.malformedBlock, "a dag-pb node has more than \(Block.maxLinks) links")
                    }
                    links.append(try Self.link(field))
                default: throw BitswapError(.malformedBlock, "a dag-pb node has an unknown field \(field.number)")
                }
            }
        }

        private static func link(_ field: ProtobufField) throws -> DAGLink {
            var reader = ProtobufReader(try field.bytes())
            var cid: CID?
            var name = ""
            while let field = try reader.nextField() {
                switch field.number {
                case 1: cid = try CID(bytes: try field.byteArray())
                case 2: name = try field.string()
                case 3: _ = try field.varint()
                default: throw BitswapError(.malformedBlock, "a dag-pb link has an unknown field \(field.number)")
                }
            }
            guard let cid else { throw BitswapError(.malformedBlock, "a dag-pb link names no block") }
            return DAGLink(cid, name: name)
        }

        func write(to writer: inout ProtobufWriter) {}
    }
}
