internal import Crypto

/// The running key and hash of a Noise handshake with 25519, ChaChaPoly and SHA256 (Noise specification, section 5.2).
///
/// A busy server does hundreds of handshakes a second, so the hashes take their bytes by pointer: Crypto's generic ways
/// for all kinds of data, its HMAC among them, take longer for so few bytes than the hashing does.
struct NoiseSymmetricState {
    private var chainingKey: [UInt8]
    private var key: [UInt8]?
    /// A key encrypts at most two fields before it is replaced, so that this can't come near its end.
    private var nonce: UInt64 = 0
    /// The hash over all that was said so far; at the end it identifies this very handshake.
    private(set) var handshakeHash: [UInt8]

    /// - Parameters:
    ///   - protocolName: the name of the whole Noise protocol; exactly as long as a hash, or padded or hashed to it.
    ///   - prologue: bytes both sides must agree on without sending them.
    init(protocolName: String, prologue: [UInt8]) {
        let name = Array(protocolName.utf8)
        if name.count <= SHA256.byteCount {
            handshakeHash = name + [UInt8](repeating: 0, count: SHA256.byteCount - name.count)
        } else {
            handshakeHash = Self.hash(name)
        }
        chainingKey = handshakeHash
        mixHash(prologue)
    }

    mutating func mixHash(_ bytes: some Sequence<UInt8>) {
        handshakeHash.append(contentsOf: bytes)
        handshakeHash = Self.hash(handshakeHash)
    }

    mutating func mixKey(_ secret: NoiseSharedSecret) {
        let (chaining, derived) = Self.derive(from: secret.withBytes { Array($0) }, salt: chainingKey)
        chainingKey = chaining
        key = derived
        nonce = 0
    }

    /// Encrypts once a key is known, passes through before that, and binds the result into the hash either way.
    mutating func encryptAndHash(_ plaintext: [UInt8]) throws(SecurityError) -> [UInt8] {
        guard let key else {
            mixHash(plaintext)
            return plaintext
        }
        let ciphertext = try NoiseCipher(key: key, direction: .seal, counter: nonce)
            .seal(plaintext, authenticating: handshakeHash)
        nonce += 1
        mixHash(ciphertext)
        return ciphertext
    }

    /// The inverse of `encryptAndHash`.
    mutating func decryptAndHash(_ bytes: ArraySlice<UInt8>) throws(SecurityError) -> [UInt8] {
        guard let key else {
            mixHash(bytes)
            return Array(bytes)
        }
        guard bytes.count >= NoiseCipher.tagLength else {
            throw SecurityError(
                .malformed, "a Noise handshake field of \(bytes.count) bytes is too short to hold its tag")
        }
        let plaintext = try NoiseCipher(key: key, direction: .open, counter: nonce)
            .open(bytes, authenticating: handshakeHash)
        nonce += 1
        mixHash(bytes)
        return plaintext
    }

    /// The two transport keys: first the one the initiator sends with, then the responder's.
    func split() -> (initiator: [UInt8], responder: [UInt8]) {
        let keys = Self.derive(from: [], salt: chainingKey)
        return (keys.first, keys.second)
    }

    /// Noise's HKDF with two outputs.
    private static func derive(from material: [UInt8], salt: [UInt8]) -> (first: [UInt8], second: [UInt8]) {
        let extracted = authenticate(material, key: salt)
        let first = authenticate([1], key: extracted)
        return (first, authenticate(first + [2], key: extracted))
    }

    /// HMAC-SHA256 (RFC 2104) under a key as long as a hash, which is half of the block that it is padded to.
    private static func authenticate(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        func padded(_ byte: UInt8) -> [UInt8] {
            key.map { $0 ^ byte } + [UInt8](repeating: byte, count: SHA256.blockByteCount - key.count)
        }
        return hash(padded(0x5c) + hash(padded(0x36) + message))
    }

    private static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var hasher = SHA256()
        bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        return hasher.finalize().withUnsafeBytes { Array($0) }
    }
}
