import CryptoExtras
import SwiftASN1

/// The DER forms of RSA keys, and the sizes that are accepted.
enum RSAKeyForm {
    /// The sizes every implementation of libp2p accepts. Verifying with greater keys costs so much that it invites abuse.
    static let sizes = 2048...8192

    static func checkSize(bits: Int) throws {
        guard sizes.contains(bits) else {
            throw IdentityError(
                .publicKey, "an RSA key of \(bits) bits is outside of \(sizes.lowerBound) to \(sizes.upperBound)")
        }
    }

    /// Reads the PKIX form. Parses the modulus' length before the key goes to the arithmetic.
    static func publicKey(_ der: [UInt8]) throws -> _RSA.Signing.PublicKey {
        guard der.count <= PublicKey.maxLength else {
            throw IdentityError(
                .publicKey, "an RSA key of \(der.count) bytes is over the limit of \(PublicKey.maxLength)")
        }
        try checkSize(bits: try modulusBits(of: der))
        let key = try _RSA.Signing.PublicKey(derRepresentation: der)
        // The peer id is a hash of these bytes, so a key must not have two forms.
        guard Array(key.derRepresentation) == der else {
            throw IdentityError(.publicKey, "an RSA key is not in its canonical form")
        }
        return key
    }

    /// Reads the PKCS #1 form.
    static func privateKey(_ der: [UInt8]) throws -> _RSA.Signing.PrivateKey {
        // Eight numbers, none longer than the modulus, most of them half as long.
        let limit = 6 * sizes.upperBound / 8
        guard der.count <= limit else {
            throw IdentityError(.privateKey, "an RSA key of \(der.count) bytes is over the limit of \(limit)")
        }
        let key = try _RSA.Signing.PrivateKey(derRepresentation: der)
        try checkSize(bits: key.keySizeInBits)
        return key
    }

    /// SubjectPublicKeyInfo ::= SEQUENCE { algorithm SEQUENCE, key BIT STRING { SEQUENCE { n INTEGER, e INTEGER } } }
    private static func modulusBits(of der: [UInt8]) throws -> Int {
        let key = try DER.sequence(try DER.parse(der), identifier: .sequence) { nodes in
            // The algorithm is for the library to check.
            _ = nodes.next()
            return try ASN1BitString(derEncoded: &nodes)
        }
        return try DER.sequence(try DER.parse(key.bytes), identifier: .sequence) { nodes in
            let modulus = try ArraySlice<UInt8>(derEncoded: &nodes).drop { $0 == 0 }
            _ = try ArraySlice<UInt8>(derEncoded: &nodes)
            guard let first = modulus.first else { return 0 }
            return modulus.count * 8 - first.leadingZeroBitCount
        }
    }
}
