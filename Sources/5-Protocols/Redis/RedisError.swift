public import LibP2PCore

/// Why Redis could not be used. Errors are equal when their codes are.
public struct RedisError: CodedError {
    /// The kind of failure.
    public enum Code: String, Sendable {
        /// The URL is not one of a Redis server.
        case badURL
        /// The server cannot be connected to.
        case unreachable
        /// The server answered with an error.
        case refused
        /// The connection is gone.
        case closed
        /// What came is not what Redis says.
        case malformed
        /// The server does not answer, or more waits for its answers than may.
        case overloaded
    }

    /// The kind of failure.
    public let code: Code

    /// What is wrong, with the value but without any password, and what to do about it.
    public let message: String

    /// The error below, where there is one.
    public let cause: (any Error)?

    /// Makes an error.
    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}
