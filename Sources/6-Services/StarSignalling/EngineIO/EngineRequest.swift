package import HTTPTypes
package import Multiformats
package import NIOCore
package import NIOHTTP1

/// What the engine needs to know of a request.
package struct EngineRequest: Sendable {
    /// The method, such as `GET`.
    package var method: String
    /// The query, without the question mark.
    package var query: String
    /// The page that asks, where a browser says so.
    package var origin: String?
    /// What the body is.
    package var contentType: String?
    /// The header fields that a preflight asks for.
    package var requestedHeaders: String?
    /// Whether a WebSocket is asked for.
    package var isUpgrade = false
    /// The body.
    package var body = ByteBuffer()
    /// The client, after trusted proxies.
    package var source: IPAddress?

    /// A request without headers and body.
    package init(method: String, query: String, source: IPAddress? = nil) {
        self.method = method
        self.query = query
        self.source = source
    }

    /// A request over HTTP.
    ///
    /// - Parameters:
    ///   - peer: who opened the connection.
    ///   - trusted: the proxies whose `X-Forwarded-For` is believed.
    package init(_ head: HTTPRequest, body: ByteBuffer, peer: IPAddress?, trusted: [IPPrefix]) {
        let path = head.path ?? "/"
        self.init(
            method: head.method.rawValue,
            query: path.firstIndex(of: "?").map { String(path[path.index(after: $0)...]) } ?? "")
        self.body = body
        let fields = head.headerFields
        origin = fields[.origin]
        contentType = fields[.contentType]
        requestedHeaders = fields[.accessControlRequestHeaders]
        isUpgrade = fields[values: .upgrade].contains { $0.lowercased() == "websocket" }
        source = ClientAddress.resolve(peer: peer, forwarded: fields[values: .xForwardedFor], trusted: trusted)
    }

    /// A request for a WebSocket.
    ///
    /// - Parameters:
    ///   - query: the query, without the question mark.
    ///   - peer: who opened the connection.
    ///   - trusted: the proxies whose `X-Forwarded-For` is believed.
    package init(webSocket query: String, headers: HTTPHeaders, peer: IPAddress?, trusted: [IPPrefix]) {
        self.init(method: "GET", query: query)
        origin = headers.first(name: "origin")
        isUpgrade = true
        source = ClientAddress.resolve(peer: peer, forwarded: headers["x-forwarded-for"], trusted: trusted)
    }
}

extension HTTPField.Name {
    static let xForwardedFor = HTTPField.Name("X-Forwarded-For") ?? .accept
}
