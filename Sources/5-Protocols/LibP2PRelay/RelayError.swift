public import LibP2PCore

/// What the relay room throws.
///
/// Equal by ``code``. On a stream each of them means "reset", unless a status message said it before.
public struct RelayError: CodedError {
    /// What went wrong, for code to act on.
    public enum Code: String, Sendable, Hashable {
        /// A message that breaks the protocol.
        case malformedMessage
        /// The other side said no; the message holds its status.
        case refused
        /// The peer that was asked for holds no reservation at the relay.
        case noReservation
        /// The other side did not answer, or not in time.
        case noAnswer
        /// A bound of this node, or of the circuit, is reached.
        case limitReached
    }

    /// What went wrong, for code to act on.
    public let code: Code
    /// What was wrong, with the value, and what to do about it.
    public let message: String
    /// The error below this one.
    public let cause: (any Error)?

    init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}
