import Crypto
import Multiformats

/// The hash functions by which blocks are verified.
enum BlockHash {
    /// A shorter digest could be met by trying, as in go-ipfs's verifcid.
    static let shortestDigest = 20

    /// Whether a block with this hash can be verified at all.
    static func canVerify(_ hash: Multihash) -> Bool {
        let longest =
            switch hash.code {
            case .sha256: 32
            case .sha512: 64
            case .sha1: 20
            default: 0
            }
        return hash.code == .identity
            || (shortestDigest...max(shortestDigest, longest)).contains(hash.digestLength) && longest > 0
    }

    /// The multihash of some bytes.
    ///
    /// - Parameter length: bytes of the digest that are kept.
    /// - Throws: ``BitswapError`` with code ``BitswapError/Code/unsupportedHash``.
    static func multihash(_ code: Multicodec, length: Int, of data: [UInt8]) throws(BitswapError) -> Multihash {
        let digest: [UInt8]
        switch code {
        case .sha256: digest = Array(SHA256.hash(data: data))
        case .sha512: digest = Array(SHA512.hash(data: data))
        case .sha1: digest = Array(Insecure.SHA1.hash(data: data))
        case .identity: digest = data
        default:
            throw BitswapError(
                .unsupportedHash, "this node can't compute the hash function \(code); it knows SHA-1, SHA-2, identity")
        }
        let isProof = code == .identity ? length == data.count : length >= shortestDigest && length <= digest.count
        guard isProof else {
            throw BitswapError(
                .unsupportedHash, "a digest of \(length) bytes proves nothing with hash function \(code)")
        }
        do {
            return try Multihash(code: code, digest: digest.prefix(length))
        } catch {
            throw BitswapError(.unsupportedHash, "a digest of \(length) bytes is no multihash", cause: error)
        }
    }
}
