public import LibP2PCore

/// What a rendezvous server refused.
///
/// Equal by ``code``, which is the status that the server sends. What goes wrong on the way is a `NetworkError`.
public struct RendezvousError: CodedError {
    /// The server's status; never `.ok`.
    public let code: RendezvousStatus
    /// What was wrong, as the server says.
    public let message: String
    /// The error below this one.
    public let cause: (any Error)?

    init(_ code: RendezvousStatus, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The message, and the cause where there is one.
    public var description: String {
        guard let cause else { return "\(code): \(message)" }
        return "\(code): \(message) (\(cause))"
    }
}
