import LibP2PCore

extension MuxerError {
    /// How the failure looks above the muxer.
    var networkError: NetworkError {
        switch code {
        case .protocolViolation, .windowExceeded, .frameTooLarge:
            NetworkError(.malformed, "The peer broke the muxer's protocol.", cause: self)
        case .keepAliveTimeout, .writeTimeout:
            NetworkError(.timeout, "The peer is silent.", cause: self)
        case .tooManyReplies, .tooManyUnacknowledged, .identifiersExhausted:
            NetworkError(.refused, "A limit of the muxer was reached.", cause: self)
        case .goingAway:
            NetworkError(.closed, "The connection takes no new streams.", cause: self)
        }
    }
}
