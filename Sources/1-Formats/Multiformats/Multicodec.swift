/// A code of https://github.com/multiformats/multicodec. Any number is a valid code; the known ones have names here.
public struct Multicodec: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The number in the table.
    public let rawValue: UInt64

    /// The code with this number.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The number in hexadecimal.
    public var description: String { "0x" + String(rawValue, radix: 16) }
}

// Hash functions.
extension Multicodec {
    /// The digest is the data itself.
    public static let identity = Self(rawValue: 0x00)
    /// SHA-1, 20 bytes.
    public static let sha1 = Self(rawValue: 0x11)
    /// SHA-2 with 256 bits.
    public static let sha256 = Self(rawValue: 0x12)
    /// SHA-2 with 512 bits.
    public static let sha512 = Self(rawValue: 0x13)
    /// BLAKE2b with 256 bits.
    public static let blake2b256 = Self(rawValue: 0xb220)
    /// BLAKE3, 32 bytes by default.
    public static let blake3 = Self(rawValue: 0x1e)
}

// Content.
extension Multicodec {
    /// Raw bytes.
    public static let raw = Self(rawValue: 0x55)
    /// A MerkleDAG node in protobuf.
    public static let dagPB = Self(rawValue: 0x70)
    /// A MerkleDAG node in CBOR.
    public static let dagCBOR = Self(rawValue: 0x71)
    /// A libp2p public key: the codec of peer ids and IPNS names.
    public static let libp2pKey = Self(rawValue: 0x72)
    /// A MerkleDAG node in JSON.
    public static let dagJSON = Self(rawValue: 0x0129)
    /// An IPNS record.
    public static let ipnsRecord = Self(rawValue: 0x0300)
    /// The payload type of a signed peer record.
    public static let libp2pPeerRecord = Self(rawValue: 0x0301)
    /// The payload type of a relay reservation voucher.
    public static let libp2pRelayReservation = Self(rawValue: 0x0302)
}
