import Crypto

/// A digest that names its hash function: varint code, varint length, digest (https://github.com/multiformats/multihash).
///
/// The varints are minimal, so equal multihashes have equal bytes.
public struct Multihash: Hashable, Sendable, CustomStringConvertible {
    /// The longest digest accepted, in bytes: twice the longest hash in use, and the limit IPFS sets for inlined data.
    public static let maxDigestLength = 128

    /// Code, length and digest.
    public let bytes: [UInt8]
    private let digestStart: Int

    /// The hash function.
    public let code: Multicodec

    /// The digest alone.
    public var digest: [UInt8] { Array(bytes[digestStart...]) }

    /// How many bytes the digest has.
    public var digestLength: Int { bytes.count - digestStart }

    /// Reads a multihash that fills `bytes` exactly.
    ///
    /// Unknown hash functions are accepted: only their length can be checked.
    ///
    /// - Throws: `MultiformatsError.Code.multihash` when the length is wrong, or longer than the known function's digest.
    public init(bytes: [UInt8]) throws(MultiformatsError) {
        let code: (value: UInt64, length: Int)
        let length: (value: UInt64, length: Int)
        do {
            code = try Varint.decode(bytes)
            length = try Varint.decode(bytes.dropFirst(code.length))
        } catch {
            throw MultiformatsError(
                .multihash, "the head of a multihash of \(bytes.count) bytes is wrong", cause: error)
        }
        let start = code.length + length.length
        guard length.value == UInt64(bytes.count - start) else {
            throw MultiformatsError(
                .multihash, "a multihash claims a digest of \(length.value) bytes and has \(bytes.count - start)")
        }
        try Self.checkLength(bytes.count - start, of: Multicodec(rawValue: code.value))
        self.bytes = bytes
        self.digestStart = start
        self.code = Multicodec(rawValue: code.value)
    }

    /// The multihash of a digest that was made elsewhere.
    ///
    /// - Throws: `MultiformatsError.Code.multihash` when the digest is longer than its function makes it.
    public init(code: Multicodec, digest: some Collection<UInt8>) throws(MultiformatsError) {
        try Self.checkLength(digest.count, of: code)
        self.init(unchecked: code, digest)
    }

    /// A digest whose length the caller has checked.
    package init(unchecked code: Multicodec, _ digest: some Collection<UInt8>) {
        var bytes = Varint.encode(code.rawValue)
        Varint.append(UInt64(digest.count), to: &bytes)
        self.digestStart = bytes.count
        bytes.append(contentsOf: digest)
        self.bytes = bytes
        self.code = code
    }

    private static func checkLength(_ length: Int, of code: Multicodec) throws(MultiformatsError) {
        let longest =
            switch code {
            case .sha1: 20
            case .sha256, .blake2b256: 32
            case .sha512: 64
            default: maxDigestLength
            }
        guard length <= longest else {
            throw MultiformatsError(
                .multihash, "a digest of \(length) bytes is too long for hash function \(code), at most \(longest)")
        }
    }

    /// The SHA2-256 multihash of `data`.
    public static func sha256(of data: some Sequence<UInt8>) -> Multihash {
        var hash = SHA256()
        let isContiguous: Void? = data.withContiguousStorageIfAvailable { hash.update(bufferPointer: .init($0)) }
        if isContiguous == nil { hash.update(data: Array(data)) }
        return Multihash(unchecked: .sha256, Array(hash.finalize()))
    }

    /// `data` itself as a multihash.
    ///
    /// - Throws: `MultiformatsError.Code.multihash` when it is longer than `maxDigestLength`.
    public static func identity(_ data: some Collection<UInt8>) throws(MultiformatsError) -> Multihash {
        try Multihash(code: .identity, digest: data)
    }

    /// Equal by bytes.
    public static func == (lhs: Self, rhs: Self) -> Bool { lhs.bytes == rhs.bytes }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }

    /// Base 58 without a prefix, the customary text of a multihash.
    public var description: String { Base58.encode(bytes) }
}
