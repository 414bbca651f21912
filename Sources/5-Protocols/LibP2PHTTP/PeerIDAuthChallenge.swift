import Crypto
import Multiformats

/// The texts that the other side has to sign.
public enum PeerIDAuthChallenge {
    /// Bytes of chance in a challenge.
    static let length = 32

    /// A text that nobody can foresee, from the cryptographic library's randomness.
    public static func random() -> String {
        SymmetricKey(size: .bits256).withUnsafeBytes { Multibase.base64urlpad.encodeBody(Array($0)) }
    }
}
