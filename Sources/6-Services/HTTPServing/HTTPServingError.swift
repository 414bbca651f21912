public import LibP2PCore

/// Why a server cannot serve. Errors are equal when their codes are.
public struct HTTPServingError: CodedError {
    /// The kind of failure.
    public enum Code: String, Sendable {
        /// The address cannot be bound: the port is taken, or needs more rights.
        case cannotBind
    }

    /// The kind of failure.
    public let code: Code

    /// What is wrong, with the address, and what to do about it.
    public let message: String

    /// The system's error.
    public let cause: (any Error)?

    init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}
