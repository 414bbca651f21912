import Crypto
import FoundationEssentials
import Multiformats

/// The key of an account at a certificate authority: P-256, signing as ES256.
struct ACMEKey: Sendable {
    private let key: P256.Signing.PrivateKey

    init() { key = P256.Signing.PrivateKey() }

    /// - Throws: what the cryptographic library throws.
    init(pem: String) throws { key = try P256.Signing.PrivateKey(pemRepresentation: pem) }

    var pem: String { key.pemRepresentation }

    /// The public half as RFC 7517 writes it.
    struct PublicForm: Encodable {
        let crv = "P-256"
        let kty = "EC"
        let x: String
        let y: String
    }

    var publicForm: PublicForm {
        let point = key.publicKey.rawRepresentation
        return PublicForm(
            x: Multibase.base64url.encodeBody(point.prefix(32)), y: Multibase.base64url.encodeBody(point.suffix(32)))
    }

    /// The hash of the public half (RFC 7638): its members in alphabetical order, without spaces.
    var thumbprint: String {
        let form = publicForm
        let text = #"{"crv":"\#(form.crv)","kty":"\#(form.kty)","x":"\#(form.x)","y":"\#(form.y)"}"#
        return Multibase.base64url.encodeBody(Array(SHA256.hash(data: Array(text.utf8))))
    }

    /// Who signs a message, as its header says.
    enum Signer {
        /// A key that the authority may not know yet.
        case key
        /// The account at this URL.
        case account(String)
    }

    private struct Header: Encodable {
        let alg = "ES256"
        let jwk: PublicForm?
        let kid: String?
        let nonce: String
        let url: String
    }

    private struct Envelope: Encodable {
        let payload: String
        let protected: String
        let signature: String
    }

    /// A signed message (RFC 7515, in the form of RFC 8555 section 6.2).
    ///
    /// - Parameter payload: JSON; empty to ask for a resource.
    func sign(_ payload: [UInt8], as signer: Signer, url: String, nonce: String) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let header =
            switch signer {
            case .key: Header(jwk: publicForm, kid: nil, nonce: nonce, url: url)
            case .account(let account): Header(jwk: nil, kid: account, nonce: nonce, url: url)
            }
        let protected = Multibase.base64url.encodeBody(Array(try encoder.encode(header)))
        let content = Multibase.base64url.encodeBody(payload)
        let signature = try key.signature(for: Array("\(protected).\(content)".utf8)).rawRepresentation
        return Array(
            try encoder.encode(
                Envelope(
                    payload: content, protected: protected, signature: Multibase.base64url.encodeBody(Array(signature)))
            ))
    }
}
