internal import FoundationEssentials
internal import LibP2PCore
internal import LibP2PIdentity
internal import SwiftASN1
internal import X509

/// The rules for the certificate by which a libp2p peer proves its identity in TLS (libp2p/specs tls/tls.md).
///
/// No authority stands behind such a certificate: it is signed by its own key, and an extension in it ties that key to
/// the peer's identity.
enum PeerCertificate {
    /// The longest certificate looked at. With RSA keys of 8192 bits everywhere it takes about 5 KiB.
    static let maxLength = 8192
    /// The longest public key that is computed with: RSA of 8192 bits.
    private static let maxPublicKeyLength = 1100

    /// Critical extensions whose meaning is known, and which cannot make a certificate mean less than we take it for.
    private static let understood: Set<ASN1ObjectIdentifier> = [
        SignedKey.extensionID, .X509ExtensionID.basicConstraints, .X509ExtensionID.keyUsage,
        .X509ExtensionID.extendedKeyUsage, .X509ExtensionID.subjectAlternativeName,
    ]

    /// Checks a peer's certificate chain.
    ///
    /// That the peer holds the certificate's key is TLS's own part of the proof.
    ///
    /// - Parameters:
    ///   - chain: what the peer sent, in DER.
    ///   - now: the time at which the certificate must be valid.
    /// - Returns: the peer's identity key.
    /// - Throws: `SecurityError` of code `invalidProof` that says which rule is broken.
    static func verify(chain: [[UInt8]], at now: Timestamp) throws(SecurityError) -> PublicKey {
        guard chain.count == 1, let der = chain.first else {
            throw SecurityError(.invalidProof, "the peer sent \(chain.count) certificates instead of one")
        }
        guard der.count <= maxLength else {
            throw SecurityError(
                .invalidProof, "the peer's certificate has \(der.count) bytes, \(maxLength) are allowed")
        }
        let certificate: Certificate
        let keyInfo: ArraySlice<UInt8>
        do {
            keyInfo = try subjectPublicKeyInfo(of: der)
            certificate = try Certificate(derEncoded: der)
        } catch {
            throw SecurityError(.invalidProof, "the peer's certificate cannot be read", cause: error)
        }
        try checkForm(of: certificate, keyInfo: keyInfo, at: now)
        guard certificate.publicKey.isValidSignature(certificate.signature, for: certificate) else {
            throw SecurityError(.invalidProof, "the peer's certificate is not signed by its own key")
        }
        return try identity(in: certificate, keyInfo: keyInfo)
    }

    /// The checks that cost little, made before any signature is verified.
    private static func checkForm(
        of certificate: Certificate, keyInfo: ArraySlice<UInt8>, at now: Timestamp
    ) throws(SecurityError) {
        guard keyInfo.count <= maxPublicKeyLength else {
            throw SecurityError(.invalidProof, "the key of the peer's certificate is too large: \(keyInfo.count) bytes")
        }
        let date = Date(timeIntervalSince1970: Double(now.seconds))
        guard certificate.notValidBefore <= date, date <= certificate.notValidAfter else {
            throw SecurityError(
                .invalidProof,
                "the peer's certificate holds from \(certificate.notValidBefore) to \(certificate.notValidAfter) only")
        }
        for other in certificate.extensions where other.critical && !understood.contains(other.oid) {
            throw SecurityError(.invalidProof, "the peer's certificate has the unknown critical extension \(other.oid)")
        }
    }

    private static func identity(
        in certificate: Certificate, keyInfo: ArraySlice<UInt8>
    ) throws(SecurityError) -> PublicKey {
        guard let value = certificate.extensions[oid: SignedKey.extensionID]?.value else {
            throw SecurityError(.invalidProof, "the peer's certificate lacks libp2p's extension")
        }
        let signedKey: SignedKey
        let key: PublicKey
        do {
            signedKey = try SignedKey(derEncoded: Array(value))
            key = try PublicKey(protobuf: signedKey.publicKey)
        } catch {
            throw SecurityError(.invalidProof, "the identity in the peer's certificate cannot be read", cause: error)
        }
        guard key.isValidSignature(signedKey.signature, for: SignedKey.signedBytes(subjectPublicKeyInfo: keyInfo))
        else {
            throw SecurityError(.invalidProof, "the peer's identity \(key.peerID) has not signed its certificate")
        }
        return key
    }

    /// The certificate's key exactly as it stands in the certificate. To encode the parsed key again could give other
    /// bytes than those that were signed.
    private static func subjectPublicKeyInfo(of der: [UInt8]) throws -> ArraySlice<UInt8> {
        // Certificate ::= SEQUENCE { tbs SEQUENCE { version [0] OPTIONAL, serial, algorithm, issuer, validity, subject,
        // key, … }, … }; the version is written whenever there are extensions.
        guard case .constructed(let certificate) = try DER.parse(der).content,
            let tbs = certificate.first(where: { _ in true }),
            case .constructed(let fields) = tbs.content,
            let key = fields.dropFirst(6).first(where: { _ in true }), key.identifier == .sequence
        else { throw SecurityError(.invalidProof, "the certificate is not laid out as X.509 has it") }
        return key.encodedBytes
    }
}
