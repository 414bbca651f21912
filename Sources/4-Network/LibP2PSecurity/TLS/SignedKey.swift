internal import SwiftASN1

/// The content of libp2p's certificate extension: the host's public key and its signature over the certificate's key.
///
/// ```asn1
/// SignedKey ::= SEQUENCE { publicKey OCTET STRING, signature OCTET STRING }
/// ```
struct SignedKey: Hashable, DERImplicitlyTaggable {
    /// 1.3.6.1.4.1.53594.1.1, from Protocol Labs' branch.
    static let extensionID: ASN1ObjectIdentifier = [1, 3, 6, 1, 4, 1, 53594, 1, 1]

    private static let signaturePrefix = "libp2p-tls-handshake:"

    static var defaultIdentifier: ASN1Identifier { .sequence }

    /// The protobuf of the host's public key.
    let publicKey: [UInt8]
    let signature: [UInt8]

    init(publicKey: [UInt8], signature: [UInt8]) {
        self.publicKey = publicKey
        self.signature = signature
    }

    init(derEncoded node: ASN1Node, withIdentifier identifier: ASN1Identifier) throws {
        self = try DER.sequence(node, identifier: identifier) { nodes in
            let publicKey = try ASN1OctetString(derEncoded: &nodes)
            let signature = try ASN1OctetString(derEncoded: &nodes)
            return SignedKey(publicKey: Array(publicKey.bytes), signature: Array(signature.bytes))
        }
    }

    func serialize(into coder: inout DER.Serializer, withIdentifier identifier: ASN1Identifier) throws {
        try coder.appendConstructedNode(identifier: identifier) { coder in
            try coder.serialize(ASN1OctetString(contentBytes: publicKey[...]))
            try coder.serialize(ASN1OctetString(contentBytes: signature[...]))
        }
    }

    /// The bytes under the signature: the certificate's key as the certificate has it (SubjectPublicKeyInfo in DER).
    static func signedBytes(subjectPublicKeyInfo: some Sequence<UInt8>) -> [UInt8] {
        Array(signaturePrefix.utf8) + subjectPublicKeyInfo
    }
}
