import Crypto
import FoundationEssentials
import Multiformats
import SwiftASN1
import X509

/// A new key, and the request for a certificate of it (RFC 2986).
struct CertificateRequest {
    /// PEM of the key.
    let key: String
    /// The request as authorities take it: DER in base 64.
    let text: String

    /// A request for these names. ECDSA with P-256, which every browser takes and which costs the least.
    init(names: [String]) throws(CertificateError) {
        let key = P256.Signing.PrivateKey()
        self.key = key.pemRepresentation
        do {
            let names = SubjectAlternativeNames(names.map { .dnsName($0) })
            let extensions = ExtensionRequest(extensions: try Certificate.Extensions { names })
            let request = try CertificateSigningRequest(
                version: .v1, subject: DistinguishedName(), privateKey: Certificate.PrivateKey(key),
                attributes: CertificateSigningRequest.Attributes([.init(extensions)]),
                signatureAlgorithm: .ecdsaWithSHA256)
            var serializer = DER.Serializer()
            try serializer.serialize(request)
            text = Multibase.base64url.encodeBody(serializer.serializedBytes)
        } catch {
            throw CertificateError(.malformed, "No request can be made for \(names).", cause: error)
        }
    }
}
