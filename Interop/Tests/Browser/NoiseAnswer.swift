import Crypto
import Foundation

/// The second message of a Noise XX handshake, as far as who made the first one can open it with the secret of the two
/// ephemeral keys. Written from the Noise specification, without the code under test.
enum NoiseAnswer {
    /// The responder's static key; only who knew the secret of its own ephemeral key can have sealed it.
    static func staticKey(in answer: [UInt8], ephemeral: [UInt8], secret: [UInt8]) throws -> [UInt8] {
        guard answer.count >= 32 + 48 + 16 else {
            throw InteropError("\(answer.count) bytes are no second message of Noise XX")
        }
        let name = Array("Noise_XX_25519_ChaChaPoly_SHA256".utf8)
        // No prologue; the first message is the ephemeral key, and an empty payload in the clear.
        var hash = mix(mix(mix(name, []), ephemeral), [])
        hash = mix(hash, Array(answer.prefix(32)))
        let keys = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: secret), salt: name, info: [UInt8](), outputByteCount: 64)
        let key = SymmetricKey(data: keys.withUnsafeBytes { Array($0.suffix(32)) })
        let box = try ChaChaPoly.SealedBox(
            nonce: ChaChaPoly.Nonce(data: [UInt8](repeating: 0, count: 12)), ciphertext: answer[32..<64],
            tag: answer[64..<80])
        return Array(try ChaChaPoly.open(box, using: key, authenticating: hash))
    }

    private static func mix(_ hash: [UInt8], _ data: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: hash + data)) }
}
