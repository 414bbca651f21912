import CSecp256k1

/// ECDSA over secp256k1, by libsecp256k1. Digests are SHA-256, signatures DER.
enum Secp256k1 {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    // SAFETY: the context is blinded while it is made and never changed afterwards; libsecp256k1 documents concurrent
    // use of an unchanging context as safe. It lives as long as the process.
    nonisolated(unsafe) private static let context: OpaquePointer? = {
        guard let context = secp256k1_context_create(UInt32(SECP256K1_CONTEXT_NONE)) else { return nil }
        var seed = [UInt8]()
        var random = SystemRandomNumberGenerator()
        for _ in 0..<32 { seed.append(random.next()) }
        // Blinding hides the secret from timing and power analysis; without it the library works all the same.
        _ = secp256k1_context_randomize(context, seed)
        return context
    }()

    private static func requireContext() throws(Failure) -> OpaquePointer {
        guard let context else { throw Failure(description: "libsecp256k1 has no memory for its context") }
        return context
    }

    // SAFETY: the C struct is 64 plain bytes, never changed after the initialiser.
    struct PublicKey: @unchecked Sendable {
        private let point: secp256k1_pubkey

        /// Reads the compressed form: 33 bytes.
        init(compressed: [UInt8]) throws(Failure) {
            let context = try requireContext()
            var point = secp256k1_pubkey()
            guard compressed.count == 33 else {
                throw Failure(description: "a compressed point has 33 bytes, not \(compressed.count)")
            }
            guard secp256k1_ec_pubkey_parse(context, &point, compressed, compressed.count) == 1 else {
                throw Failure(description: "the bytes are not a point of the curve")
            }
            self.point = point
        }

        func isValidSignature(_ der: [UInt8], digest: [UInt8]) -> Bool {
            guard let context, digest.count == 32 else { return false }
            var parsed = secp256k1_ecdsa_signature()
            guard secp256k1_ecdsa_signature_parse_der(context, &parsed, der, der.count) == 1 else { return false }
            // The library verifies the low form only; other implementations accept both.
            var low = secp256k1_ecdsa_signature()
            _ = secp256k1_ecdsa_signature_normalize(context, &low, &parsed)
            return withUnsafePointer(to: point) { secp256k1_ecdsa_verify(context, &low, digest, $0) == 1 }
        }
    }

    struct PrivateKey: Sendable {
        /// The secret number: 32 bytes, big-endian.
        let scalar: [UInt8]
        /// The public half, compressed.
        let publicKey: [UInt8]

        init(scalar: [UInt8]) throws(Failure) {
            let context = try requireContext()
            var point = secp256k1_pubkey()
            guard scalar.count == 32, secp256k1_ec_pubkey_create(context, &point, scalar) == 1 else {
                throw Failure(description: "the bytes are not a number from 1 to the order of the curve")
            }
            var compressed = [UInt8](repeating: 0, count: 33)
            var length = compressed.count
            _ = secp256k1_ec_pubkey_serialize(
                context, &compressed, &length, &point, UInt32(SECP256K1_EC_COMPRESSED))
            self.scalar = scalar
            self.publicKey = compressed
        }

        static func generate() throws(Failure) -> PrivateKey {
            var random = SystemRandomNumberGenerator()
            var failure = Failure(description: "no key was tried")
            // One try in 2^128 is out of range.
            for _ in 0..<2 {
                let scalar = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) }
                do throws(Failure) {
                    return try PrivateKey(scalar: scalar)
                } catch {
                    failure = error
                }
            }
            throw failure
        }

        /// Signs deterministically (RFC 6979), in the low form.
        func sign(digest: [UInt8]) throws(Failure) -> [UInt8] {
            let context = try requireContext()
            var signature = secp256k1_ecdsa_signature()
            guard digest.count == 32, secp256k1_ecdsa_sign(context, &signature, digest, scalar, nil, nil) == 1 else {
                throw Failure(description: "libsecp256k1 refused to sign")
            }
            // The longest DER form: two numbers of 33 bytes with their heads.
            var der = [UInt8](repeating: 0, count: 72)
            var length = der.count
            guard secp256k1_ecdsa_signature_serialize_der(context, &der, &length, &signature) == 1 else {
                throw Failure(description: "a signature takes more than 72 bytes")
            }
            return Array(der.prefix(length))
        }
    }
}
