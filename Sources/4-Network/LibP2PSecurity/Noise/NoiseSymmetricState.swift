internal import Crypto

/// The running key and hash of a Noise handshake with 25519, ChaChaPoly and SHA256 (Noise specification, section 5.2).
///
/// Handshake messages are few and small, so this side of the cipher allocates and is simple; what runs for every frame
/// afterwards is `NoiseCipher`.
struct NoiseSymmetricState {
    private var chainingKey: [UInt8]
    private var key: SymmetricKey?
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
            handshakeHash = Array(SHA256.hash(data: name))
        }
        chainingKey = handshakeHash
        mixHash(prologue)
    }

    mutating func mixHash(_ bytes: some Sequence<UInt8>) {
        handshakeHash.append(contentsOf: bytes)
        handshakeHash = Array(SHA256.hash(data: handshakeHash))
    }

    mutating func mixKey(_ secret: NoiseSharedSecret) {
        let (chaining, derived) = secret.withBytes { Self.derive(from: $0, salt: chainingKey) }
        chainingKey = chaining
        key = SymmetricKey(data: derived)
        nonce = 0
    }

    /// Encrypts once a key is known, passes through before that, and binds the result into the hash either way.
    mutating func encryptAndHash(_ plaintext: [UInt8]) throws(SecurityError) -> [UInt8] {
        guard let key else {
            mixHash(plaintext)
            return plaintext
        }
        let ciphertext: [UInt8]
        do {
            let box = try ChaChaPoly.seal(
                plaintext, using: key, nonce: nextNonce(), authenticating: handshakeHash)
            ciphertext = Array(box.ciphertext) + Array(box.tag)
        } catch {
            throw SecurityError(.unavailable, "a handshake message could not be encrypted", cause: error)
        }
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
        let plaintext: [UInt8]
        do {
            let box = try ChaChaPoly.SealedBox(
                nonce: nextNonce(), ciphertext: bytes.dropLast(NoiseCipher.tagLength),
                tag: bytes.suffix(NoiseCipher.tagLength))
            plaintext = try Array(ChaChaPoly.open(box, using: key, authenticating: handshakeHash))
        } catch {
            throw SecurityError(.tampered, "a Noise handshake message fails its authentication tag", cause: error)
        }
        mixHash(bytes)
        return plaintext
    }

    /// The two transport keys: first the one the initiator sends with, then the responder's.
    func split() -> (initiator: [UInt8], responder: [UInt8]) {
        let keys = Self.derive(from: UnsafeRawBufferPointer(start: nil, count: 0), salt: chainingKey)
        return (keys.first, keys.second)
    }

    /// A key encrypts at most two fields before it is replaced, so the counter cannot come near its end here.
    private mutating func nextNonce() throws -> ChaChaPoly.Nonce {
        defer { nonce &+= 1 }
        return try ChaChaPoly.Nonce(data: [0, 0, 0, 0] + withUnsafeBytes(of: nonce.littleEndian, Array.init))
    }

    /// Noise's HKDF with two outputs, which is the common HKDF with an empty info and 64 bytes of output.
    private static func derive(
        from material: UnsafeRawBufferPointer, salt: [UInt8]
    ) -> (first: [UInt8], second: [UInt8]) {
        let extracted = HMAC<SHA256>.authenticationCode(for: material, using: SymmetricKey(data: salt))
        let expansion = SymmetricKey(data: extracted)
        let first = Array(HMAC<SHA256>.authenticationCode(for: [1], using: expansion))
        let second = Array(HMAC<SHA256>.authenticationCode(for: first + [2], using: expansion))
        return (first, second)
    }
}
