import Crypto

/// The DER forms of ECDSA keys over P-256.
enum P256KeyForm {
    /// Reads the PKIX form with an uncompressed point.
    static func publicKey(_ der: [UInt8]) throws -> P256.Signing.PublicKey {
        let key = try P256.Signing.PublicKey(derRepresentation: der)
        // The peer id is a hash of these bytes, so a key must not have two forms.
        guard Array(key.derRepresentation) == der else {
            throw IdentityError(.publicKey, "a P-256 key is not in its canonical form")
        }
        return key
    }

    /// Writes the SEC 1 form with curve and public key, which is what go-libp2p keeps; swift-crypto writes PKCS #8 only.
    ///
    /// ECPrivateKey ::= SEQUENCE { version 1, privateKey OCTET STRING, [0] curve OID, [1] publicKey BIT STRING }
    static func privateKey(_ key: P256.Signing.PrivateKey) -> [UInt8] {
        let head: [UInt8] = [0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20]
        let curve: [UInt8] = [0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]
        let point: [UInt8] = [0xa1, 0x44, 0x03, 0x42, 0x00]
        return head + Array(key.rawRepresentation) + curve + point + Array(key.publicKey.x963Representation)
    }
}
