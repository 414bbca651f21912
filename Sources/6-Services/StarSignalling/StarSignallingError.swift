public import LibP2PCore

/// Why the star could not do what it was asked. Errors are equal when their codes are.
public struct StarSignallingError: CodedError {
    /// The kind of failure.
    public enum Code: String, Sendable {
        /// Bytes of a client are no JSON text, no packet, or no payload of packets.
        case malformed
    }

    /// The kind of failure.
    public let code: Code

    /// What is wrong, with the value or the place, and what to do about it where something can be done.
    public let message: String

    /// The error below, where there is one.
    public let cause: (any Error)?

    init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}
