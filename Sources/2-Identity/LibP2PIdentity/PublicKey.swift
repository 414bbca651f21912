import Crypto
import CryptoExtras
public import NIOCore
public import Wire

/// A public key of any type libp2p knows. A value exists only if its bytes are a valid key in their one canonical form.
///
/// Spec: libp2p/specs peer-ids.
public struct PublicKey: Sendable {
    /// What kind of key it is.
    public let type: KeyType
    /// The key in its type's form: 32 bytes for Ed25519, 33 (compressed) for secp256k1, PKIX DER for RSA and ECDSA.
    public let data: [UInt8]
    private let verifier: Verifier

    /// The longest protobuf form that is read, in bytes: an RSA key of 8192 bits takes 1,066.
    public static let maxLength = 1_200

    private enum Verifier: Sendable {
        case rsa(_RSA.Signing.PublicKey)
        case ed25519(Curve25519.Signing.PublicKey)
        case secp256k1(Secp256k1.PublicKey)
        case ecdsa(P256.Signing.PublicKey)
    }

    /// Reads a key in its type's form.
    ///
    /// The size of an RSA key is checked before any arithmetic is done with it.
    ///
    /// - Throws: `IdentityError.Code.publicKey`.
    public init(type: KeyType, data: [UInt8]) throws {
        self.type = type
        self.data = data
        do {
            switch type {
            case .rsa: verifier = .rsa(try RSAKeyForm.publicKey(data))
            case .ed25519: verifier = .ed25519(try Curve25519.Signing.PublicKey(rawRepresentation: data))
            case .secp256k1: verifier = .secp256k1(try Secp256k1.PublicKey(compressed: data))
            case .ecdsa: verifier = .ecdsa(try P256KeyForm.publicKey(data))
            }
        } catch {
            throw IdentityError(.publicKey, "\(data.count) bytes are not a valid \(type) public key", cause: error)
        }
    }

    /// Whether `signature` was made over `message` with this key's private half.
    ///
    /// ECDSA signatures over secp256k1 count in their low and their high form, as with other implementations.
    public func isValidSignature(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        switch verifier {
        case .rsa(let key):
            return key.isValidSignature(
                _RSA.Signing.RSASignature(rawRepresentation: signature), for: message, padding: .insecurePKCS1v1_5)
        case .ed25519(let key):
            return key.isValidSignature(signature, for: message)
        case .secp256k1(let key):
            return key.isValidSignature(signature, digest: Array(SHA256.hash(data: message)))
        case .ecdsa(let key):
            guard let signature = try? P256.Signing.ECDSASignature(derRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: message)
        }
    }

    /// The id of the peer that owns this key.
    public var peerID: PeerID { PeerID(of: self) }

    /// The protobuf form: the bytes that a peer id is a hash of.
    public var protobuf: [UInt8] { KeyEnvelope(type: type, data: data).protobufBytes() }

    /// Reads the protobuf form.
    ///
    /// - Throws: `IdentityError.Code.publicKey`.
    public init(protobuf bytes: [UInt8]) throws {
        try self.init(protobuf: ByteBuffer(bytes: bytes))
    }

    /// Reads the protobuf form from all readable bytes of a buffer.
    ///
    /// - Throws: `IdentityError.Code.publicKey`.
    public init(protobuf buffer: ByteBuffer) throws {
        guard buffer.readableBytes <= Self.maxLength else {
            throw IdentityError(
                .publicKey, "a public key of \(buffer.readableBytes) bytes is over the limit of \(Self.maxLength)")
        }
        var reader = ProtobufReader(buffer)
        try self.init(from: &reader)
    }
}

extension PublicKey: ProtobufMessage {
    /// Reads the protobuf form.
    ///
    /// - Throws: `IdentityError.Code.publicKey`.
    public init(from reader: inout ProtobufReader) throws {
        let envelope: KeyEnvelope
        do {
            envelope = try KeyEnvelope(from: &reader)
        } catch let error as WireError {
            throw IdentityError(.publicKey, "the bytes are not a public key in protobuf form", cause: error)
        }
        try self.init(type: envelope.type, data: envelope.data)
    }

    /// Writes the protobuf form.
    public func write(to writer: inout ProtobufWriter) {
        KeyEnvelope(type: type, data: data).write(to: &writer)
    }
}

extension PublicKey: Hashable {
    /// Keys are equal when type and bytes are.
    public static func == (lhs: Self, rhs: Self) -> Bool { lhs.type == rhs.type && lhs.data == rhs.data }

    /// Hashes type and bytes.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(type)
        data.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}
