import Crypto
import CryptoExtras
import NIOCore
import Wire

/// A private key of any type libp2p knows. Its printed forms show the public half only.
///
/// Spec: libp2p/specs peer-ids.
public struct PrivateKey: Sendable {
    /// The public half.
    public let publicKey: PublicKey
    private let signer: Signer

    private enum Signer: Sendable {
        case rsa(_RSA.Signing.PrivateKey)
        case ed25519(Curve25519.Signing.PrivateKey)
        case secp256k1(Secp256k1.PrivateKey)
        case ecdsa(P256.Signing.PrivateKey)
    }

    private init(_ signer: Signer) throws {
        self.signer = signer
        switch signer {
        case .rsa(let key):
            publicKey = try PublicKey(type: .rsa, data: Array(key.publicKey.derRepresentation))
        case .ed25519(let key):
            publicKey = try PublicKey(type: .ed25519, data: Array(key.publicKey.rawRepresentation))
        case .secp256k1(let key):
            publicKey = try PublicKey(type: .secp256k1, data: key.publicKey)
        case .ecdsa(let key):
            publicKey = try PublicKey(type: .ecdsa, data: Array(key.publicKey.derRepresentation))
        }
    }

    /// Makes a new key with the system's randomness.
    ///
    /// - Parameters:
    ///   - type: what kind of key.
    ///   - rsaBits: the size when it is an RSA key: 2048 to 8192.
    /// - Throws: `IdentityError` when the size is out of range.
    public static func generate(_ type: KeyType = .ed25519, rsaBits: Int = 2048) throws -> PrivateKey {
        switch type {
        case .rsa:
            try RSAKeyForm.checkSize(bits: rsaBits)
            return try PrivateKey(.rsa(_RSA.Signing.PrivateKey(keySize: .init(bitCount: rsaBits))))
        case .ed25519: return try PrivateKey(.ed25519(Curve25519.Signing.PrivateKey()))
        case .secp256k1: return try PrivateKey(.secp256k1(Secp256k1.PrivateKey.generate()))
        case .ecdsa: return try PrivateKey(.ecdsa(P256.Signing.PrivateKey()))
        }
    }

    /// The Ed25519 key of a seed of 32 bytes.
    ///
    /// - Throws: `IdentityError.Code.privateKey` when the seed has another length.
    public init(ed25519Seed seed: [UInt8]) throws {
        guard seed.count == 32 else {
            throw IdentityError(.privateKey, "an Ed25519 seed has 32 bytes, not \(seed.count)")
        }
        try self.init(type: .ed25519, data: seed)
    }

    /// What kind of key it is.
    public var type: KeyType { publicKey.type }

    /// The id of the peer that owns this key.
    public var peerID: PeerID { publicKey.peerID }

    /// Signs a message.
    ///
    /// - Throws: `IdentityError.Code.signing` when the cryptographic library fails.
    public func sign(_ message: [UInt8]) throws -> [UInt8] {
        do {
            switch signer {
            case .rsa(let key):
                return Array(try key.signature(for: message, padding: .insecurePKCS1v1_5).rawRepresentation)
            case .ed25519(let key): return Array(try key.signature(for: message))
            case .secp256k1(let key): return try key.sign(digest: Array(SHA256.hash(data: message)))
            case .ecdsa(let key): return Array(try key.signature(for: message).derRepresentation)
            }
        } catch {
            throw IdentityError(.signing, "an \(type) key could not sign", cause: error)
        }
    }
}

extension PrivateKey {
    /// The key in its type's form: seed and public key (64 bytes) for Ed25519, 32 bytes for secp256k1, PKCS #1 DER for
    /// RSA, SEC 1 DER for ECDSA.
    package var data: [UInt8] {
        switch signer {
        case .rsa(let key): Array(key.derRepresentation)
        case .ed25519(let key): Array(key.rawRepresentation) + publicKey.data
        case .secp256k1(let key): key.scalar
        case .ecdsa(let key): P256KeyForm.privateKey(key)
        }
    }

    /// The 32 bytes an Ed25519 key is made from; nil for the other types.
    public var ed25519Seed: [UInt8]? {
        guard case .ed25519(let key) = signer else { return nil }
        return Array(key.rawRepresentation)
    }

    /// The protobuf form, which holds the secret.
    public var protobuf: [UInt8] { KeyEnvelope(type: type, data: data).protobufBytes() }

    /// Reads the protobuf form.
    ///
    /// - Throws: `IdentityError.Code.privateKey`.
    public init(protobuf bytes: [UInt8]) throws {
        let envelope: KeyEnvelope
        do {
            envelope = try KeyEnvelope(protobuf: bytes)
        } catch {
            throw IdentityError(.privateKey, "the bytes are not a private key in protobuf form", cause: error)
        }
        try self.init(type: envelope.type, data: envelope.data)
    }

    /// Reads a key in its type's form. Ed25519 keys come as seed, as seed and public key, and, from old programs, with
    /// the public key twice; what they repeat must agree.
    private init(type: KeyType, data: [UInt8]) throws {
        do {
            switch type {
            case .rsa: try self.init(.rsa(RSAKeyForm.privateKey(data)))
            case .ed25519: try self.init(.ed25519(Curve25519.Signing.PrivateKey(rawRepresentation: data.prefix(32))))
            case .secp256k1: try self.init(.secp256k1(Secp256k1.PrivateKey(scalar: data)))
            case .ecdsa: try self.init(.ecdsa(P256.Signing.PrivateKey(derRepresentation: data)))
            }
        } catch {
            throw IdentityError(.privateKey, "\(data.count) bytes are not a valid \(type) private key", cause: error)
        }
        guard type == .ed25519 else { return }
        let copies = data.dropFirst(32)
        guard copies.isEmpty || copies == publicKey.data[...] || copies == (publicKey.data + publicKey.data)[...] else {
            throw IdentityError(.privateKey, "an Ed25519 private key holds a public key that is not its own")
        }
    }
}

extension PrivateKey: CustomStringConvertible, CustomReflectable {
    /// The type and the peer id, never the secret.
    public var description: String { "\(type) private key of \(peerID)" }

    /// Hides the secret from `dump` and from debuggers' reflection.
    public var customMirror: Mirror { Mirror(self, children: ["publicKey": publicKey]) }
}
