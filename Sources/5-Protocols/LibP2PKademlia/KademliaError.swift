public import LibP2PCore

/// What the Kademlia room throws.
///
/// Equal by ``code``. On a stream every one of them means "reset": the protocol has no error message (conformance of
/// `/ipfs/kad/1.0.0`, section "Errors").
public struct KademliaError: CodedError {
    /// What went wrong, for code to act on.
    public enum Code: String, Sendable, Hashable {
        /// A message that breaks the protocol: missing or oversize fields, an unknown type.
        case invalidMessage
        /// A record that its namespace's rules refuse, or whose namespace nobody validates.
        case invalidRecord
        /// A record that is older or worse than the one held already.
        case outdatedRecord
        /// Nobody in the network had an answer.
        case notFound
        /// No peer to ask: the routing table is empty.
        case noPeers
        /// A peer did not answer in time.
        case timedOut
        /// A peer closed the stream or answered something that is no answer.
        case noAnswer
        /// A bound of this node is reached.
        case limitReached
        /// The DHT is shut down.
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
