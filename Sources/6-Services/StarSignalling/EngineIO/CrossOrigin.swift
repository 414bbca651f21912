import HTTPTypes
import NIOCore

/// Which pages may talk to the engine, and how browsers are told (CORS).
struct CrossOrigin: Sendable {
    /// A year would do; browsers cut it to two hours or a day.
    private static let preflightSeconds = "86400"

    private let allowed: Set<String>?

    init(_ allowed: Set<String>?) {
        self.allowed = allowed.map { Set($0.map { $0.lowercased() }) }
    }

    /// Whether a page of this origin may connect; what names none is no page.
    func admits(_ origin: String?) -> Bool {
        guard let allowed, let origin else { return true }
        return allowed.contains(origin.lowercased())
    }

    /// Tells the browser that the page may read the answer. The origin is named, not `*`, because clients of socket.io 2
    /// send credentials; there are none here that a page could misuse.
    func apply(to response: inout EngineResponse, _ request: EngineRequest) {
        if allowed != nil || request.origin != nil { response.headers[.vary] = "Origin" }
        guard let origin = request.origin, admits(origin) else {
            if allowed == nil { response.headers[.accessControlAllowOrigin] = "*" }
            return
        }
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.accessControlAllowCredentials] = "true"
    }

    /// The answer to a preflight.
    func preflight(_ request: EngineRequest) -> EngineResponse {
        EngineResponse(
            status: .noContent,
            headers: [
                .accessControlAllowMethods: "GET, POST, OPTIONS",
                .accessControlAllowHeaders: request.requestedHeaders ?? "Content-Type",
                .accessControlMaxAge: Self.preflightSeconds,
            ], body: ByteBuffer())
    }
}
