public import LibP2PCore

/// What a node reports when it cannot do what was asked.
///
/// Two errors are equal when their codes are: the message is for people. The code decides the exit status of the
/// command line (`exitStatus`).
public struct NodeError: CodedError {
    /// The kind of failure.
    public enum Code: String, Sendable {
        /// It was tried and failed: a peer that is not reachable, a value that nobody has. Exit status 1.
        case failed
        /// The command line is wrong. Exit status 64.
        case usage
        /// The configuration file or the environment is wrong. Exit status 78.
        case configuration
        /// A resource is missing: a port is taken, the data folder is not writable or in use. Exit status 69.
        case unavailable
        /// A bug. Exit status 70.
        case internalFailure
    }

    /// The kind of failure.
    public let code: Code

    /// What is wrong, with the value, and what to do about it.
    public let message: String

    /// The error underneath, if there is one.
    public let cause: (any Error)?

    /// Makes an error with `code` and a message for people.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The exit status of a process that ends by this error, after BSD's `sysexits`.
    public var exitStatus: Int32 {
        switch code {
        case .failed: 1
        case .usage: 64
        case .unavailable: 69
        case .internalFailure: 70
        case .configuration: 78
        }
    }
}
