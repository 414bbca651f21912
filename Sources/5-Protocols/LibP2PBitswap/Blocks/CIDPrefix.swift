import Multiformats

/// A CID without its digest: how a block of bitswap 1.1 says by which codec and hash function it is named.
struct CIDPrefix: Hashable, Sendable {
    let version: CID.Version
    let codec: Multicodec
    let hash: Multicodec
    let digestLength: Int

    init(_ cid: CID) {
        version = cid.version
        codec = cid.codec
        hash = cid.multihash.code
        digestLength = cid.multihash.digestLength
    }

    /// What blocks of bitswap 1.0 are named by.
    static let version0 = CIDPrefix(version: .v0, codec: .dagPB, hash: .sha256, digestLength: 32)

    private init(version: CID.Version, codec: Multicodec, hash: Multicodec, digestLength: Int) {
        self.version = version
        self.codec = codec
        self.hash = hash
        self.digestLength = digestLength
    }

    /// Reads the four varints; nil when they are malformed, of an unknown version, or followed by something.
    init?(bytes: [UInt8]) {
        var rest = bytes[...]
        func number() -> UInt64? {
            guard let (value, length) = try? Varint.decode(rest) else { return nil }
            rest = rest.dropFirst(length)
            return value
        }
        guard let version = number().flatMap(CID.Version.init), let codec = number(), let hash = number(),
            let length = number(), length <= UInt64(Multihash.maxDigestLength), rest.isEmpty
        else { return nil }
        self.init(
            version: version, codec: Multicodec(rawValue: codec), hash: Multicodec(rawValue: hash),
            digestLength: Int(length))
    }

    var bytes: [UInt8] {
        var bytes = Varint.encode(version.rawValue)
        Varint.append(codec.rawValue, to: &bytes)
        Varint.append(hash.rawValue, to: &bytes)
        Varint.append(UInt64(digestLength), to: &bytes)
        return bytes
    }

    /// The CID of some content that hashes to a multihash; nil when this version has no such CID.
    func cid(of multihash: Multihash) -> CID? {
        version == .v0 ? try? CID(v0: multihash) : CID(codec: codec, multihash: multihash)
    }
}
