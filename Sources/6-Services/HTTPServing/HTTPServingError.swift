/// Why a server cannot serve. Errors are equal when their codes are.
public struct HTTPServingError: Error, Hashable, CustomStringConvertible {
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

    /// The message, then the system's error.
    public var description: String {
        cause.map { "\(message): \($0)" } ?? message
    }

    /// Errors are equal by code.
    public static func == (left: HTTPServingError, right: HTTPServingError) -> Bool { left.code == right.code }

    /// Hashes the code.
    public func hash(into hasher: inout Hasher) { hasher.combine(code) }
}
