/// What goes wrong between this node and a peer.
///
/// Two errors are equal when their codes are: callers decide by ``code``, people read ``message``.
public struct NetworkError: CodedError {
    /// The kinds of failure, and what each means for a stream (see ``NetworkError/resetCode``).
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The connection or stream was closed in an orderly way, by either side.
        case closed
        /// The other side reset the stream.
        case reset
        /// Something took longer than its limit.
        case timeout
        /// The other side ended in the middle of a message.
        case truncated
        /// A length exceeds what this side accepts.
        case tooLarge
        /// The bytes break the protocol.
        case malformed
        /// The other side speaks none of the protocols that were proposed.
        case unsupportedProtocol
        /// A limit, list or policy of this node said no.
        case refused
        /// The peer that answered is not the one that was asked for.
        case peerMismatch
        /// No address of the peer could be reached.
        case unreachable
        /// The address is not one that this node can dial or listen on.
        case unsupportedAddress
        /// The task that waited was cancelled.
        case cancelled
        /// The caller broke the rules of an interface.
        case misuse
        /// The operating system refused a resource.
        case system
    }

    /// Decides what to do.
    public let code: Code
    /// Says what was wrong, with the value.
    public let message: String
    /// What led to it, if anything did.
    public let cause: (any Error)?

    /// Makes an error.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The code that a stream reset carries where the muxer has room for one.
    ///
    /// yamux and mplex have none; QUIC and WebTransport do. The values are those of the libp2p error-code registry
    /// (libp2p/specs error-codes): 0 for no reason given.
    public var resetCode: UInt32 {
        switch code {
        case .malformed, .truncated, .tooLarge: 0x1002
        case .refused: 0x1003
        case .unsupportedProtocol: 0x1001
        case .timeout: 0x1005
        default: 0
        }
    }
}
