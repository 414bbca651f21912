public import LibP2PCore

/// Why a peer could not be authenticated over HTTP. Errors are equal when their codes are.
public struct PeerIDAuthError: CodedError {
    /// The kind of failure.
    public enum Code: String, Sendable {
        /// A header is not in the form that it must have, or lacks what it must say.
        case malformed
        /// A header is longer than headers of this scheme may be.
        case tooLong = "too_long"
        /// The request is for a host that this server does not answer for.
        case wrongHost = "wrong_host"
        /// The server did not prove that it is the peer that it says.
        case wrongServer = "wrong_server"
        /// The server does not take this peer's answer, or its token.
        case rejected
        /// The own key cannot sign.
        case signing
    }

    /// The kind of failure.
    public let code: Code

    /// What was wrong, with the value, and what to do about it.
    public let message: String

    /// The error below, where there is one.
    public let cause: (any Error)?

    init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}
