public import Multiformats

/// A link from one block to another.
public struct DAGLink: Hashable, Sendable {
    /// The block that is linked to.
    public let cid: CID
    /// What the link is called; empty in dag-cbor and between the parts of a file.
    public let name: String

    /// Names a link.
    public init(_ cid: CID, name: String = "") {
        self.cid = cid
        self.name = name
    }
}

extension Block {
    /// The links of one block that are read; a block of the largest size holds some 50,000 of the usual length.
    public static let maxLinks = 65_536

    /// The links in the block, in their order: those of dag-pb (UnixFS files and directories) and dag-cbor. Raw blocks,
    /// plain CBOR and JSON, and keys have none.
    ///
    /// - Throws: ``BitswapError`` with code ``BitswapError/Code/malformedBlock`` when the block is not of its codec, has
    ///   more than ``maxLinks`` links, or when the codec is not known.
    public func links() throws(BitswapError) -> [DAGLink] {
        switch cid.codec {
        case .dagPB: return try PBNode(data).links
        case .dagCBOR: return try CBORLinks(data).links
        case .raw, .libp2pKey, .plainCBOR, .plainJSON: return []
        default:
            throw BitswapError(
                .malformedBlock, "\(cid) has codec \(cid.codec); links are read of dag-pb and dag-cbor only")
        }
    }
}

extension Multicodec {
    /// CBOR without links.
    static let plainCBOR = Self(rawValue: 0x51)
    /// JSON without links.
    static let plainJSON = Self(rawValue: 0x0200)
}
