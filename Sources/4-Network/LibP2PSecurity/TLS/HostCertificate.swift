internal import Crypto
internal import FoundationEssentials
internal import LibP2PCore
internal import LibP2PIdentity
internal import SwiftASN1
internal import X509

/// The certificate by which this node proves its identity in TLS: a fresh ECDSA key, tied to the identity by libp2p's
/// extension and signed by itself.
struct HostCertificate {
    /// How long a certificate is valid. Long enough that a peer with a wrong clock gets along, short enough that the key
    /// does not stay the same for ever in a node that runs for years.
    static let lifetime: Duration = .seconds(365 * 86400)
    /// A peer's clock may be behind ours by so much.
    private static let backdating: Duration = .seconds(86400)

    let certificate: [UInt8]
    /// The private key in DER, of the certificate alone.
    let privateKey: [UInt8]
    /// When to make the next one; half of the lifetime is still left then.
    let renewal: Timestamp

    init(identity: PrivateKey, now: Timestamp) throws {
        let key = P256.Signing.PrivateKey()
        let keyInfo = key.publicKey.derRepresentation
        let signature = try identity.sign(SignedKey.signedBytes(subjectPublicKeyInfo: keyInfo))
        let signedKey = SignedKey(publicKey: identity.publicKey.protobuf, signature: signature)
        var serializer = DER.Serializer()
        try serializer.serialize(signedKey)
        let value = serializer.serializedBytes
        let name = try DistinguishedName { OrganizationName("libp2p.io") }
        let certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: Certificate.PublicKey(key.publicKey),
            notValidBefore: Self.date(now - Self.backdating),
            notValidAfter: Self.date(now + Self.lifetime),
            issuer: name,
            subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            // Not critical, so that tools that look at certificates in general accept it.
            extensions: Certificate.Extensions([
                Certificate.Extension(oid: SignedKey.extensionID, critical: false, value: value[...])
            ]),
            issuerPrivateKey: Certificate.PrivateKey(key))
        var encoder = DER.Serializer()
        try encoder.serialize(certificate)
        self.certificate = encoder.serializedBytes
        privateKey = Array(key.derRepresentation)
        renewal = now + Self.lifetime / 2
    }

    private static func date(_ time: Timestamp) -> Date {
        Date(timeIntervalSince1970: Double(time.seconds))
    }
}
