internal import COpenSSL

/// One direction of a Noise connection after the handshake: ChaCha20-Poly1305 under one key, with a counter as nonce.
///
/// It works on memory the caller owns and allocates nothing per frame: OpenSSL's context is made once and kept, and from
/// frame to frame only the nonce in it changes. (Making a context, or looking the algorithm up, costs more than
/// encrypting a small frame does.)
///
/// It is a class because it owns memory of OpenSSL's; it belongs to one connection and so to one event loop.
final class NoiseCipher {
    static let tagLength = 16
    private static let keyLength = 32

    // SAFETY: looked up once and never changed or freed; OpenSSL's algorithm objects are immutable and counted atomically.
    nonisolated(unsafe) private static let algorithm: OpaquePointer? =
        EVP_CIPHER_fetch(nil, "ChaCha20-Poly1305", nil)

    private let context: OpaquePointer
    private let direction: Direction
    /// The number of frames so far, and so the next nonce.
    private(set) var counter: UInt64

    enum Direction: Int32, Sendable {
        case open = 0
        case seal = 1
    }

    /// - Parameters:
    ///   - key: 32 bytes.
    ///   - counter: the first nonce; other than 0 only in tests of its end.
    init(key: [UInt8], direction: Direction, counter: UInt64 = 0) throws(SecurityError) {
        guard key.count == Self.keyLength, let algorithm = Self.algorithm, let context = EVP_CIPHER_CTX_new() else {
            throw SecurityError(.unavailable, "OpenSSL does not provide ChaCha20-Poly1305; install OpenSSL 3")
        }
        self.context = context
        self.direction = direction
        self.counter = counter
        guard EVP_CipherInit_ex2(context, algorithm, key, nil, direction.rawValue, nil) == 1 else {
            throw SecurityError(.unavailable, "OpenSSL refused the key of a connection")
        }
    }

    deinit {
        EVP_CIPHER_CTX_free(context)
    }

    /// Encrypts `plaintext` into `output`, which may start at the same address, and writes the tag behind it.
    ///
    /// - Parameters:
    ///   - plaintext: what to encrypt.
    ///   - output: room for the plaintext's length and the tag, no more and no less.
    ///   - associated: bytes that the tag covers too.
    func seal(
        _ plaintext: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer,
        authenticating associated: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
    ) throws(SecurityError) {
        precondition(direction == .seal && output.count == plaintext.count + Self.tagLength)
        try startFrame()
        let tag = output.baseAddress.map { $0 + plaintext.count }
        guard update(associated, nil), update(plaintext, output.baseAddress), finish(),
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagLength), tag) == 1
        else { throw SecurityError(.unavailable, "OpenSSL failed to encrypt a frame") }
    }

    /// Decrypts `ciphertext` (with its tag at the end) into `output`, which may start at the same address.
    ///
    /// - Parameters:
    ///   - ciphertext: a frame's body, at least as long as a tag.
    ///   - output: room for the plaintext, no more and no less. If this throws, what it holds is worthless.
    ///   - associated: bytes that the tag covers too.
    func open(
        _ ciphertext: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer,
        authenticating associated: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
    ) throws(SecurityError) {
        precondition(direction == .open && ciphertext.count == output.count + Self.tagLength)
        try startFrame()
        let body = UnsafeRawBufferPointer(rebasing: ciphertext.prefix(output.count))
        // OpenSSL takes the tag by a pointer it declares mutable, and only copies from it.
        let tag = UnsafeMutableRawPointer(mutating: ciphertext.baseAddress.map { $0 + output.count })
        guard EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagLength), tag) == 1 else {
            throw SecurityError(.unavailable, "OpenSSL failed to take a frame's tag")
        }
        guard update(associated, nil), update(body, output.baseAddress), finish() else {
            throw SecurityError(.tampered, "Noise message \(counter &- 1) under its key fails its authentication tag")
        }
    }

    /// Sets the next nonce, laid out as the Noise specification has it: 32 zero bits, the counter in little endian.
    private func startFrame() throws(SecurityError) {
        // The last value is reserved by the Noise specification; and a nonce used twice would give the key away.
        guard counter < UInt64.max else {
            throw SecurityError(.exhausted, "the connection has used all its nonces; dial again")
        }
        var nonce = (UInt32(0), UInt32(truncatingIfNeeded: counter).littleEndian, UInt32(counter >> 32).littleEndian)
        counter += 1
        let started = withUnsafeBytes(of: &nonce) { bytes in
            EVP_CipherInit_ex2(context, nil, nil, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), -1, nil)
        }
        guard started == 1 else { throw SecurityError(.unavailable, "OpenSSL refused a nonce") }
    }

    /// Encrypts or decrypts into `output`; without one the input is only covered by the tag.
    private func update(_ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawPointer?) -> Bool {
        guard !input.isEmpty else { return true }
        var written: Int32 = 0
        return EVP_CipherUpdate(
            context, output?.assumingMemoryBound(to: UInt8.self), &written,
            input.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(input.count)) == 1
            && Int(written) == input.count
    }

    /// Ends a frame and, when opening, checks the tag. A stream cipher has no bytes left to write here.
    private func finish() -> Bool {
        var written: Int32 = 0
        var unused: UInt8 = 0
        return EVP_CipherFinal_ex(context, &unused, &written) == 1
    }
}
