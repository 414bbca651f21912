import Crypto
import Foundation
import SwiftASN1
import X509

/// A certificate that signs itself, with its key, as PEM.
struct TestCertificate {
    let chain: String
    let key: String

    init(names: [String], ips: [[UInt8]] = [], from: TimeInterval = -3600, to: TimeInterval = 3600) throws {
        let key = P256.Signing.PrivateKey()
        let name = try DistinguishedName { CommonName("a test") }
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey),
            notValidBefore: Date(timeIntervalSinceNow: from), notValidAfter: Date(timeIntervalSinceNow: to),
            issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                SubjectAlternativeNames(
                    names.map { .dnsName($0) } + ips.map { .ipAddress(ASN1OctetString(contentBytes: $0[...])) })
            },
            issuerPrivateKey: .init(key))
        chain = try certificate.serializeAsPEM().pemString
        self.key = key.pemRepresentation
    }
}

/// A folder that is removed with the test.
final class TemporaryFolder {
    let path = FileManager.default.temporaryDirectory.appending(path: "waystation-\(UUID().uuidString)").path

    init() { try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
