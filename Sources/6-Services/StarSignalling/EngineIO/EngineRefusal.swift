import HTTPTypes

/// Why a request is not served, in the words and numbers of the reference server.
enum EngineRefusal: String, Error, CaseIterable {
    case unknownTransport = "unknown_transport"
    case unknownSession = "unknown_session"
    case badMethod = "bad_method"
    case badRequest = "bad_request"
    case script
    case forbiddenOrigin = "origin"
    case unsupportedRevision = "revision"
    case method
    case tooLarge = "too_large"
    case full
    case perIP = "per_ip"

    /// The number in the answer's body.
    var code: Int {
        switch self {
        case .unknownTransport: 0
        case .unknownSession: 1
        case .badMethod: 2
        case .badRequest, .script, .method, .tooLarge: 3
        case .forbiddenOrigin, .full, .perIP: 4
        case .unsupportedRevision: 5
        }
    }

    /// The words in the answer's body.
    var message: String {
        switch self {
        case .unknownTransport: "Transport unknown"
        case .unknownSession: "Session ID unknown"
        case .badMethod: "Bad handshake method"
        case .badRequest: "Bad request"
        case .script: "JSONP is not supported, poll by XMLHttpRequest or fetch, or use a WebSocket"
        case .method: "A session is polled by GET and written by POST"
        case .tooLarge: "Payload too large"
        case .forbiddenOrigin: "Forbidden"
        case .full, .perIP: "Too many connections"
        case .unsupportedRevision: "Unsupported protocol version"
        }
    }

    var status: HTTPResponse.Status {
        switch self {
        case .forbiddenOrigin: .forbidden
        case .method: .methodNotAllowed
        case .tooLarge: .contentTooLarge
        case .full, .perIP: .serviceUnavailable
        default: .badRequest
        }
    }
}
