/// The kinds of keys libp2p knows; the raw values are those of its protobuf form.
public enum KeyType: UInt64, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// RSA with PKCS #1 v1.5 signatures over SHA-256, 2048 to 8192 bits.
    case rsa = 0
    /// Ed25519: what new identities should be.
    case ed25519 = 1
    /// ECDSA over secp256k1, DER signatures over SHA-256.
    case secp256k1 = 2
    /// ECDSA over P-256, DER signatures over SHA-256.
    case ecdsa = 3

    /// The customary name.
    public var description: String {
        switch self {
        case .rsa: "RSA"
        case .ed25519: "Ed25519"
        case .secp256k1: "secp256k1"
        case .ecdsa: "ECDSA"
        }
    }
}
