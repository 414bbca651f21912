import Crypto
import Multiformats

/// Writes what a server wants to know again into tokens that only it can make, so that it remembers nothing itself.
///
/// A token is HMAC-SHA256 over the token's purpose, the host and the content, with the content behind it, in base 64. The
/// content can be read by anybody; nobody can change it, or use it at another host or for another purpose.
struct PeerIDAuthSeal {
    /// What a token is for.
    enum Purpose: UInt8 {
        case challenge = 1
        case bearer = 2
    }

    let key: SymmetricKey

    /// Makes a token.
    func seal(_ content: [UInt8], for purpose: Purpose, hostname: String) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: Self.bytes(content, purpose, hostname), using: key)
        return Multibase.base64urlpad.encodeBody(Array(code) + content)
    }

    /// The content of a token that was made by this key, for this purpose and host; nil for any other.
    func open(_ token: String, for purpose: Purpose, hostname: String) -> [UInt8]? {
        guard let bytes = PeerIDAuthHeader.base64(token), bytes.count >= SHA256.byteCount else { return nil }
        let content = Array(bytes.dropFirst(SHA256.byteCount))
        let isOwn = HMAC<SHA256>.isValidAuthenticationCode(
            bytes.prefix(SHA256.byteCount), authenticating: Self.bytes(content, purpose, hostname), using: key)
        return isOwn ? content : nil
    }

    private static func bytes(_ content: [UInt8], _ purpose: Purpose, _ hostname: String) -> [UInt8] {
        [purpose.rawValue] + Varint.encode(UInt64(hostname.utf8.count)) + Array(hostname.utf8) + content
    }
}
