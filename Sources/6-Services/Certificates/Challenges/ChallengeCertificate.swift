import Crypto
import FoundationEssentials
import NIOSSL
import SwiftASN1
import X509

/// The certificate by which TLS-ALPN-01 is answered (RFC 8737, section 3): it signs itself, is for one name, and holds the
/// hash of the key authorization.
public struct ChallengeCertificate {
    /// The protocol by which authorities, and nobody else, ask for it.
    public static let applicationProtocol = "acme-tls/1"

    /// id-pe-acmeIdentifier.
    private static let identifier: ASN1ObjectIdentifier = [1, 3, 6, 1, 5, 5, 7, 1, 31]
    private static let validity: TimeInterval = 86_400

    let context: NIOSSLContext

    /// Makes a certificate and its key.
    init(domain: String, digest: [UInt8]) throws {
        let key = P256.Signing.PrivateKey()
        var value = DER.Serializer()
        try value.serialize(ASN1OctetString(contentBytes: digest[...]))
        let name = try DistinguishedName { CommonName("ACME challenge") }
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey),
            notValidBefore: Date(timeIntervalSinceNow: -Self.validity),
            notValidAfter: Date(timeIntervalSinceNow: Self.validity), issuer: name, subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                SubjectAlternativeNames([.dnsName(domain)])
                Certificate.Extension(
                    oid: Self.identifier, critical: true, value: value.serializedBytes[...])
            },
            issuerPrivateKey: .init(key))
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: [
                .certificate(try NIOSSLCertificate(bytes: serializer.serializedBytes, format: .der))
            ],
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.derRepresentation), format: .der)))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = [Self.applicationProtocol]
        context = try NIOSSLContext(configuration: configuration)
    }
}
