package import HTTPTypes
package import NIOCore

/// An answer over HTTP.
package struct EngineResponse: Sendable {
    /// The status.
    package var status: HTTPResponse.Status
    /// The header fields, but for the length.
    package var headers: HTTPFields
    /// The body; empty for none.
    package var body: ByteBuffer

    /// Packets, or the `ok` after a POST.
    static func text(_ body: ByteBuffer) -> EngineResponse {
        EngineResponse(
            status: .ok, headers: [.contentType: "text/plain; charset=UTF-8", .cacheControl: "no-store"], body: body)
    }

    static let ok = text(ByteBuffer(staticString: "ok"))

    /// A refusal, as the reference server words it.
    static func refusal(_ refusal: EngineRefusal) -> EngineResponse {
        let body = #"{"code":\#(refusal.code),"message":"\#(refusal.message)"}"#
        var headers: HTTPFields = [.contentType: "application/json", .cacheControl: "no-store"]
        if refusal == .method { headers[.allow] = "GET, POST, OPTIONS" }
        return EngineResponse(status: refusal.status, headers: headers, body: ByteBuffer(string: body))
    }
}
