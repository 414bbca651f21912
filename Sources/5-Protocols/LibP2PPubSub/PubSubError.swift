public import LibP2PCore

/// What the pubsub room throws.
///
/// Equal by ``code``. On a stream every one of them means "reset": the protocol has no error message.
public struct PubSubError: CodedError {
    /// What went wrong, for code to act on.
    public enum Code: String, Sendable, Hashable {
        /// An RPC that can't be read, or that holds more than a bound allows.
        case invalidRPC
        /// A message without an author, a number or a valid signature, or with more than one topic.
        case invalidMessage
        /// A message that is longer than the network carries.
        case messageTooLong
        /// A peer discovery payload that is neither of the two known forms.
        case invalidPeerDiscovery
        /// A bound of this node is reached.
        case limitReached
        /// The service is shut down.
        case stopped
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
