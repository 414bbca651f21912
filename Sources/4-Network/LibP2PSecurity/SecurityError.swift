public import LibP2PCore

/// What goes wrong while a connection is being secured, or afterwards in its cipher.
///
/// Every one of them ends the connection: none is worth a retry on the same socket. Two errors are equal when their
/// codes are.
public struct SecurityError: CodedError {
    /// The kinds of failure.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// Bytes from the peer do not have the form the protocol prescribes.
        case malformed
        /// A message or frame is longer than its limit.
        case tooLong
        /// A ciphertext fails its authentication tag: it was changed on the way, or the keys differ.
        case tampered
        /// A proof of identity (key, signature, certificate) is missing or wrong.
        case invalidProof
        /// The proven identity is not the one that was dialled.
        case wrongPeer
        /// The two ends share no application protocol.
        case noCommonProtocol
        /// The connection ended before it was secured.
        case closed
        /// All nonces of a key are used up; the connection must be replaced.
        case exhausted
        /// A private network's key file cannot be read.
        case invalidKeyFile
        /// The cryptographic library refused to work.
        case unavailable
    }

    /// What kind of failure it is.
    public let code: Code
    /// What was wrong, with the value where it is safe to show, and what to do about it.
    public let message: String
    /// The error that led to this one.
    public let cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}
