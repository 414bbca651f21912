public import Multiformats

/// Bytes with the CID that names them. A value of this type is always verified: its hash was computed.
public struct Block: Hashable, Sendable {
    /// The largest block that is taken, in bytes: what every implementation supports.
    public static let maxSize = 2 * 1024 * 1024

    /// The block's name.
    public let cid: CID
    /// The block's bytes.
    public let data: [UInt8]

    /// Takes bytes that are said to be those of a CID.
    ///
    /// - Throws: ``BitswapError``: `.wrongBlock` when they are not, `.unsupportedHash`, `.blockTooLarge`.
    public init(cid: CID, verifying data: [UInt8]) throws(BitswapError) {
        try Self.check(data)
        let hash = try BlockHash.multihash(cid.multihash.code, length: cid.multihash.digestLength, of: data)
        guard hash == cid.multihash else {
            throw BitswapError(.wrongBlock, "\(data.count) bytes hash to \(hash), not to what \(cid) names")
        }
        self.cid = cid
        self.data = data
    }

    /// Names bytes by their SHA2-256 in a version 1 CID.
    ///
    /// - Throws: ``BitswapError`` with code ``BitswapError/Code/blockTooLarge``.
    public init(_ data: [UInt8], codec: Multicodec = .raw) throws(BitswapError) {
        try Self.check(data)
        cid = CID(codec: codec, multihash: .sha256(of: data))
        self.data = data
    }

    /// Names bytes as a prefix says.
    init(_ data: [UInt8], prefix: CIDPrefix) throws(BitswapError) {
        try Self.check(data)
        let hash = try BlockHash.multihash(prefix.hash, length: prefix.digestLength, of: data)
        guard let cid = prefix.cid(of: hash) else {
            throw BitswapError(.wrongBlock, "the prefix of a block of \(data.count) bytes makes no CID")
        }
        self.cid = cid
        self.data = data
    }

    /// The block that a CID of the identity hash holds in itself; nil for others.
    public init?(inlinedIn cid: CID) {
        guard cid.multihash.code == .identity else { return nil }
        self.cid = cid
        data = cid.multihash.digest
    }

    /// The same bytes under another name of the same hash.
    private init(cid: CID, verified data: [UInt8]) {
        self.cid = cid
        self.data = data
    }

    /// The block under another CID of its multihash, such as the other version; nil when the hash is another.
    public func renamed(_ cid: CID) -> Block? {
        cid.multihash == self.cid.multihash ? Block(cid: cid, verified: data) : nil
    }

    private static func check(_ data: [UInt8]) throws(BitswapError) {
        guard data.count <= maxSize else {
            throw BitswapError(.blockTooLarge, "a block of \(data.count) bytes is over the limit of \(maxSize)")
        }
    }
}
