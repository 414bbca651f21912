public import LibP2PCore

/// What went wrong in a stream multiplexer; it reaches the world as the cause of a `NetworkError`. Two errors are equal when their codes are.
public struct MuxerError: CodedError {
    /// The kinds of failure; what each does to the connection is written beside it.
    public enum Code: String, Sendable, Hashable {
        /// The peer broke the muxer's protocol: the connection is closed.
        case protocolViolation
        /// The peer sent more than a stream's receive window allows: the connection is closed.
        case windowExceeded
        /// The peer announced a frame longer than the protocol allows: the connection is closed.
        case frameTooLarge
        /// The peer makes us answer faster than it takes the answers: the connection is closed.
        case tooManyReplies
        /// The peer answered no keep-alive ping: the connection is closed.
        case keepAliveTimeout
        /// The socket took nothing for the write timeout: the connection is closed.
        case writeTimeout
        /// One side has announced that it takes no new streams: only opening fails.
        case goingAway
        /// Too many streams that the peer has not acknowledged yet: only opening fails.
        case tooManyUnacknowledged
        /// Every stream id of this connection has been used: only opening fails.
        case identifiersExhausted
    }

    /// What kind of failure it was; the only part that equality looks at.
    public let code: Code
    /// What was wrong, with the value.
    public let message: String
    /// The error below, if there was one.
    public let cause: (any Error)?

    /// Makes an error of `code`; `message` says what was wrong, with the value.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}
