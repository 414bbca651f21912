public import LibP2PCore

/// What the delegate's room throws. Equal by ``code``.
///
/// ``status`` is the one mapping to HTTP: each API writes the body in its own form.
public struct RoutingError: CodedError {
    /// What went wrong, for code to act on.
    public enum Code: String, Sendable, Hashable {
        /// A path, parameter or option that can't be read.
        case badInput
        /// A record that is not what its name says, or has run out.
        case invalidRecord
        /// A record that is older than the one that is known.
        case outdatedRecord
        /// The client accepts, or sends, no form that this server knows.
        case notAcceptable
        /// The method does not exist for this path.
        case notImplemented
        /// There is no such route.
        case unknownRoute
        /// Nothing was found.
        case notFound
        /// The operator switched it off, or wants a token for it.
        case forbidden
        /// It is for certain peers, and the sender did not prove that it is one.
        case unauthorized
        /// The client asks too often, or too much goes on.
        case busy
        /// There is no router to ask, or it can't reach anybody.
        case unavailable
        /// It took longer than it may.
        case timeout
    }

    /// What went wrong, for code to act on.
    public let code: Code
    /// What was wrong, with the value, and what to do about it.
    public let message: String
    /// The error below this one.
    public let cause: (any Error)?

    /// Makes an error; routers throw it too.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The HTTP status in Delegated Routing V1.
    public var status: Int {
        switch code {
        case .badInput: 422
        case .invalidRecord, .outdatedRecord: 400
        case .notAcceptable: 406
        case .notImplemented: 501
        case .unknownRoute, .notFound: 404
        case .forbidden: 403
        case .unauthorized: 401
        case .busy: 429
        case .unavailable: 503
        case .timeout: 504
        }
    }
}
