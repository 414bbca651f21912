/// A content identifier, version 0 or 1 (https://github.com/multiformats/cid).
public struct CID: Hashable, Sendable, CustomStringConvertible {
    /// The form of a CID.
    public enum Version: UInt64, Hashable, Sendable {
        /// A bare SHA2-256 multihash of a dag-pb node.
        case v0 = 0
        /// Version, codec, multihash.
        case v1 = 1
    }

    /// The form of this CID; the same content has one identifier in each.
    public let version: Version
    /// What the content is encoded in.
    public let codec: Multicodec
    /// The hash of the content.
    public let multihash: Multihash

    /// A version 1 CID.
    public init(codec: Multicodec, multihash: Multihash) {
        self.version = .v1
        self.codec = codec
        self.multihash = multihash
    }

    /// A version 0 CID.
    ///
    /// - Throws: `MultiformatsError.Code.cid` unless `multihash` is a whole SHA2-256.
    public init(v0 multihash: Multihash) throws(MultiformatsError) {
        guard multihash.code == .sha256, multihash.digestLength == 32 else {
            throw MultiformatsError(.cid, "only a whole SHA2-256 hash can be a version 0 CID, not \(multihash.code)")
        }
        self.version = .v0
        self.codec = .dagPB
        self.multihash = multihash
    }

    /// Reads the text of a CID: `Qm…` for version 0, any multibase for version 1.
    ///
    /// - Throws: `MultiformatsError.Code.cid`, `.multibase`, `.multihash` or `.tooLong`.
    public init(_ text: some StringProtocol) throws(MultiformatsError) {
        guard text.utf8.count <= Self.maxTextLength else {
            throw MultiformatsError(
                .tooLong, "a CID of \(text.utf8.count) characters is over the limit of \(Self.maxTextLength)")
        }
        if text.utf8.count == 46, text.hasPrefix("Qm") {
            try self.init(v0: Multihash(bytes: Base58.decode(text)))
            return
        }
        let (base, bytes) = try Multibase.decode(text)
        try self.init(bytes: bytes)
        guard version == .v1 else {
            throw MultiformatsError(.cid, "\(MultiformatsError.excerpt(text)) is a version 0 CID in \(base)")
        }
    }

    /// Reads the binary form, which must fill `bytes` exactly.
    ///
    /// - Throws: `MultiformatsError.Code.cid` or `.multihash`.
    public init(bytes: [UInt8]) throws(MultiformatsError) {
        if bytes.count == 34, bytes.starts(with: [0x12, 0x20]) {
            try self.init(v0: Multihash(bytes: bytes))
            return
        }
        let version: (value: UInt64, length: Int)
        let codec: (value: UInt64, length: Int)
        do {
            version = try Varint.decode(bytes)
            codec = try Varint.decode(bytes.dropFirst(version.length))
        } catch {
            throw MultiformatsError(.cid, "the head of a CID of \(bytes.count) bytes is wrong", cause: error)
        }
        guard version.value == Version.v1.rawValue else {
            throw MultiformatsError(.cid, "CID version \(version.value) is unknown")
        }
        let multihash = try Multihash(bytes: Array(bytes.dropFirst(version.length + codec.length)))
        self.init(codec: Multicodec(rawValue: codec.value), multihash: multihash)
    }

    /// The longest text that is read: the longest multihash in base 16, with room for prefixes.
    public static let maxTextLength = 512

    /// The binary form.
    public var bytes: [UInt8] {
        guard version == .v1 else { return multihash.bytes }
        var bytes = Varint.encode(Version.v1.rawValue)
        Varint.append(codec.rawValue, to: &bytes)
        bytes.append(contentsOf: multihash.bytes)
        return bytes
    }

    /// The same identifier in version 1.
    public var asVersion1: CID { CID(codec: codec, multihash: multihash) }

    /// The text of version 1 in `base`; a version 0 CID is turned into version 1 first.
    public func text(in base: Multibase) -> String { base.encode(asVersion1.bytes) }

    /// `Qm…` for version 0, base 32 for version 1.
    public var description: String {
        version == .v0 ? Base58.encode(multihash.bytes) : text(in: .base32)
    }
}
