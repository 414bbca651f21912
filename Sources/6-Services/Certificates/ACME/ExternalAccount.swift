import Crypto
import FoundationEssentials
import Multiformats

/// An account outside of ACME, which some authorities want an ACME account to belong to (RFC 8555, section 7.3.4).
public struct ExternalAccount: Sendable, Hashable {
    /// What the authority calls the account.
    public let name: String
    /// Its key, in base 64 for URLs.
    let key: String

    /// Describes an account.
    public init(name: String, key: String) {
        self.name = name
        self.key = key
    }

    /// Whether the key can be read, and is one.
    public var hasKey: Bool { keyBytes.map { !$0.isEmpty } ?? false }

    private var keyBytes: [UInt8]? {
        var text = Substring(key)
        while text.last == "=" { text.removeLast() }
        return try? Multibase.base64url.decodeBody(text)
    }

    private struct Header: Encodable {
        let alg = "HS256"
        let kid: String
        let url: String
    }

    /// A signed message, whose parts are base 64 for URLs (RFC 7515, section 7.2.2).
    struct Binding: Encodable {
        let payload: String
        let protected: String
        let signature: String
    }

    /// The account's word that an ACME account is its own.
    ///
    /// - Parameters:
    ///   - account: the public half of the ACME account's key, as JSON.
    ///   - url: where the ACME account is asked for.
    /// - Throws: ``CertificateError`` with `.malformed` when the key can't be read.
    func binding(of account: [UInt8], url: String) throws(CertificateError) -> Binding {
        guard let keyBytes, !keyBytes.isEmpty else {
            throw CertificateError(.malformed, "The key of the external account \(name) is not base 64 for URLs.")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let header = try? encoder.encode(Header(kid: name, url: url)) else {
            throw CertificateError(.malformed, "The external account \(name) cannot be written as JSON.")
        }
        let protected = Multibase.base64url.encodeBody(Array(header))
        let payload = Multibase.base64url.encodeBody(account)
        let code = HMAC<SHA256>.authenticationCode(
            for: Array("\(protected).\(payload)".utf8), using: SymmetricKey(data: keyBytes))
        return Binding(payload: payload, protected: protected, signature: Multibase.base64url.encodeBody(Array(code)))
    }
}
