public import LibP2PCore

/// What the bitswap room throws. Equal by ``code``.
public struct BitswapError: CodedError {
    /// What went wrong, for code to act on.
    public enum Code: String, Sendable, Hashable {
        /// The bytes are not those that their CID names.
        case wrongBlock
        /// A block is longer than blocks may be.
        case blockTooLarge
        /// A CID names a hash function that this node can't compute, or a digest too short to prove anything.
        case unsupportedHash
        /// A block in one of the known codecs can't be read.
        case malformedBlock
        /// No peer that was asked has the block.
        case notFound
        /// The block did not come in time.
        case timeout
        /// The caller gave up waiting.
        case cancelled
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

    /// Makes an error; stores throw it too.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}
