internal import Crypto

/// An X25519 key pair of a Noise handshake, ephemeral or static.
struct NoiseKeyPair: Sendable {
    private let privateKey: Curve25519.KeyAgreement.PrivateKey
    /// The 32 bytes the other side sees.
    let publicKey: [UInt8]

    /// A fresh pair from the system's random source.
    init() {
        self.init(Curve25519.KeyAgreement.PrivateKey())
    }

    /// The pair of a known private key, for test vectors.
    init(privateKey: [UInt8]) throws(SecurityError) {
        do {
            self.init(try Curve25519.KeyAgreement.PrivateKey(rawRepresentation: privateKey))
        } catch {
            throw SecurityError(
                .malformed, "an X25519 private key has 32 bytes, this one has \(privateKey.count)", cause: error)
        }
    }

    private init(_ key: Curve25519.KeyAgreement.PrivateKey) {
        privateKey = key
        publicKey = Array(key.publicKey.rawRepresentation)
    }

    /// The Diffie-Hellman secret with the key of the other side.
    ///
    /// - Throws: `malformed` for a key of low order. Such keys give the same all-zero secret with everyone, so the
    ///   handshake would prove nothing (RFC 7748, section 6.1).
    func sharedSecret(with other: [UInt8]) throws(SecurityError) -> NoiseSharedSecret {
        do {
            let key = try Curve25519.KeyAgreement.PublicKey(rawRepresentation: other)
            let secret = NoiseSharedSecret(try privateKey.sharedSecretFromKeyAgreement(with: key))
            if secret.isZero {
                throw SecurityError(.malformed, "the peer's X25519 key is of low order and gives an all-zero secret")
            }
            return secret
        } catch let error as SecurityError {
            throw error
        } catch {
            throw SecurityError(.malformed, "the peer's X25519 key is unusable", cause: error)
        }
    }
}

/// The outcome of one Diffie-Hellman step.
struct NoiseSharedSecret {
    private let secret: SharedSecret

    fileprivate init(_ secret: SharedSecret) {
        self.secret = secret
    }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        secret.withUnsafeBytes(body)
    }

    fileprivate var isZero: Bool {
        // All bytes are looked at whatever they hold, so that the time taken tells nothing about the secret.
        secret.withUnsafeBytes { $0.reduce(0, |) == 0 }
    }
}
