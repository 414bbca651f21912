public import Multiformats
public import NIOCore
public import NIOHTTP1

/// A request to speak WebSocket instead of HTTP.
public struct WebSocketRequest: Sendable {
    /// The path, without the query.
    public let path: String

    /// The query, without the question mark; empty when there is none.
    public let query: String

    /// All header fields.
    public let headers: HTTPHeaders

    /// The other end of the connection, which may be a proxy; nil when it has no IP address.
    public let remoteAddress: IPAddress?

    init(_ head: HTTPRequestHead, from remoteAddress: IPAddress?) {
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = parts.first.map(String.init) ?? "/"
        query = parts.count > 1 ? String(parts[1]) : ""
        headers = head.headers
        self.remoteAddress = remoteAddress
    }
}

/// Who takes a connection over that has become a WebSocket.
public struct WebSocketRoute: Sendable {
    /// The largest frame that is accepted, in bytes.
    public let maxFrameSize: Int

    /// Takes the channel over, on its loop. Its pipeline passes `WebSocketFrame`s in both directions and holds no HTTP
    /// handlers any more; what is added at its end sees the first frame.
    public let accept: @Sendable (any Channel) -> Void

    /// Makes a route to `accept`.
    public init(maxFrameSize: Int, accept: @escaping @Sendable (any Channel) -> Void) {
        self.maxFrameSize = maxFrameSize
        self.accept = accept
    }
}
