/// What an HTTP connection may cost before it is closed.
public struct HTTPLimits: Sendable {
    /// From the connection's first moment, or a later request's first byte, to the end of its headers.
    public var headerTimeout: Duration = .seconds(10)

    /// All header fields of a request together, in bytes.
    public var headerBytes = 80 * 1024

    /// From the end of the headers to the end of the body.
    public var bodyTimeout: Duration = .seconds(30)

    /// From a response to the next request.
    public var idleTimeout: Duration = .seconds(60)

    /// How long a client may take no byte of a response that is ready.
    public var stallTimeout: Duration = .seconds(30)

    /// The limits that the contract of the front door names.
    public init() {}
}
