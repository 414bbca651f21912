/// Why a key, a peer id or a signed record was refused.
///
/// Two errors are equal when their codes are; the message is for people and never holds a secret.
public struct IdentityError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of thing was refused.
    public enum Code: String, Hashable, Sendable {
        /// The bytes or text are no peer id.
        case peerID
        /// The bytes are no public key, or its type or size is not supported.
        case publicKey
        /// The bytes are no private key, or its type or size is not supported.
        case privateKey
        /// A private key could not sign.
        case signing
        /// The bytes are no signed envelope.
        case envelope
        /// A signature does not belong to the key and the content.
        case signature
        /// The content of a verified envelope is not the record it should be, or speaks for another peer.
        case record
        /// A key file is in none of the known formats, or contradicts itself.
        case keyFile
    }

    /// What kind of thing was refused.
    public let code: Code
    /// What was wrong, with the value where it is not secret.
    public let message: String
    /// The error underneath, if there was one.
    public let cause: (any Error)?

    /// Makes an error; `message` says what was wrong.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// Errors are equal by code.
    public static func == (lhs: Self, rhs: Self) -> Bool { lhs.code == rhs.code }

    /// Hashes the code.
    public func hash(into hasher: inout Hasher) { hasher.combine(code) }

    /// The message, and the cause's if there is one.
    public var description: String {
        guard let cause else { return message }
        return "\(message) (\(cause))"
    }
}
