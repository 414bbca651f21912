import Crypto
import Foundation
import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import SwiftASN1
import Testing
import X509

@testable import LibP2PSecurity

@Suite struct PeerCertificateTests {
    private let now = Timestamp(seconds: 1_800_000_000)

    @Test func certificatesOfTheVectors() throws {
        let vectors = try CertificateVectors.load().certificates
        #expect(vectors.count == 4)
        for vector in vectors {
            let verify = { try PeerCertificate.verify(chain: [vector.certDerHex.bytes], at: now) }
            if vector.expect == "valid" {
                let key = try verify()
                #expect(key.peerID.description == vector.peerId)
                #expect(key.protobuf == vector.hostPublicPbHex.bytes)
            } else {
                #expect(throws: SecurityError(.invalidProof, ""), "\(vector.name)") { try verify() }
            }
        }
    }

    @Test func certificatesOfTheVectorsEndIn4096() throws {
        let vector = try #require(try CertificateVectors.load().certificates.first)
        // Nanoseconds in 64 bits end in the year 2262; before 1975 is easier to reach.
        let early = Timestamp(seconds: 157_000_000)
        #expect(throws: SecurityError(.invalidProof, "")) {
            try PeerCertificate.verify(chain: [vector.certDerHex.bytes], at: early)
        }
    }

    @Test(arguments: KeyType.allCases)
    func ownCertificatesPass(type: KeyType) throws {
        let identity = try PrivateKey.generate(type)
        let host = try HostCertificate(identity: identity, now: now)
        #expect(try PeerCertificate.verify(chain: [host.certificate], at: now) == identity.publicKey)
        #expect(host.renewal > now)
        for time in [now - .seconds(2 * 86400), now + .seconds(366 * 86400)] {
            #expect(throws: SecurityError(.invalidProof, "")) {
                try PeerCertificate.verify(chain: [host.certificate], at: time)
            }
        }
    }

    @Test func chainsAreExactlyOneCertificate() throws {
        let der = try HostCertificate(identity: try PrivateKey.generate(.ed25519), now: now).certificate
        #expect(throws: SecurityError(.invalidProof, "")) { try PeerCertificate.verify(chain: [], at: now) }
        #expect(throws: SecurityError(.invalidProof, "")) { try PeerCertificate.verify(chain: [der, der], at: now) }
    }

    @Test func rulesOneByOne() throws {
        let issuer = try CertificateMaker(now: now)
        #expect(try issuer.verify { _ in } == issuer.identity.publicKey)
        // The extension may be critical.
        #expect(try issuer.verify { $0.isCritical = true } == issuer.identity.publicKey)
        for change: (inout CertificateMaker.Recipe) -> Void in [
            { $0.extensionID = [1, 2, 3] },
            { $0.content = [1, 2, 3] },
            { $0.signedPrefix = "libp2p-tls-handshake" },
            { $0.signsOtherKey = true },
            { $0.issuerIsOther = true },
            { $0.unknownCritical = true },
            { $0.padding = 8192 },
        ] {
            #expect(throws: SecurityError(.invalidProof, "")) { try issuer.verify(change) }
        }
    }

    @Test func mutatedCertificatesAreReadOrRefused() throws {
        var generator = SeededGenerator(seed: 6)
        for vector in try CertificateVectors.load().certificates {
            let der = vector.certDerHex.bytes
            for length in stride(from: 0, to: der.count, by: 7) {
                #expect(throws: SecurityError.self) {
                    try PeerCertificate.verify(chain: [Array(der.prefix(length))], at: now)
                }
            }
            for _ in 0..<150 {
                let mutated = generator.mutated(der)
                guard mutated != der else { continue }
                #expect(throws: SecurityError.self) { try PeerCertificate.verify(chain: [mutated], at: now) }
            }
        }
    }
}

/// Makes certificates that break one rule.
private struct CertificateMaker {
    struct Recipe {
        var extensionID = SignedKey.extensionID
        var isCritical = false
        var content: [UInt8]?
        var signedPrefix = "libp2p-tls-handshake:"
        var signsOtherKey = false
        var issuerIsOther = false
        var unknownCritical = false
        var padding = 0
    }

    let now: Timestamp
    let identity: LibP2PIdentity.PrivateKey

    init(now: Timestamp) throws {
        self.now = now
        identity = try PrivateKey.generate(.ed25519)
    }

    func verify(_ change: (inout Recipe) -> Void) throws -> LibP2PIdentity.PublicKey {
        var recipe = Recipe()
        change(&recipe)
        return try PeerCertificate.verify(chain: [try certificate(recipe)], at: now)
    }

    private func certificate(_ recipe: Recipe) throws -> [UInt8] {
        let key = P256.Signing.PrivateKey()
        let other = P256.Signing.PrivateKey()
        let keyInfo = (recipe.signsOtherKey ? other : key).publicKey.derRepresentation
        let signature = try identity.sign(Array(recipe.signedPrefix.utf8) + keyInfo)
        var content = DER.Serializer()
        try content.serialize(SignedKey(publicKey: identity.publicKey.protobuf, signature: signature))
        var extensions = [
            Certificate.Extension(
                oid: recipe.extensionID, critical: recipe.isCritical,
                value: (recipe.content ?? content.serializedBytes)[...])
        ]
        if recipe.unknownCritical {
            extensions.append(Certificate.Extension(oid: [1, 2, 3, 4], critical: true, value: [5, 0]))
        }
        if recipe.padding > 0 {
            let value = [UInt8](repeating: 0, count: recipe.padding)
            extensions.append(Certificate.Extension(oid: [1, 2, 3, 5], critical: false, value: value[...]))
        }
        let name = try DistinguishedName { OrganizationName("test") }
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey),
            notValidBefore: Date(timeIntervalSince1970: Double(now.seconds - 10)),
            notValidAfter: Date(timeIntervalSince1970: Double(now.seconds + 10)), issuer: name, subject: name,
            signatureAlgorithm: .ecdsaWithSHA256, extensions: try Certificate.Extensions(extensions),
            issuerPrivateKey: .init(recipe.issuerIsOther ? other : key))
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return serializer.serializedBytes
    }
}
