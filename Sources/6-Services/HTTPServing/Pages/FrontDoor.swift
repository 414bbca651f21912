import HTTPTypes
public import Hummingbird

/// A router of a web server of the node.
public typealias FrontDoorRouter = Router<ConnectionContext>

/// The routes of the front door: its page, and a short 404 for everything that no service has added.
public enum FrontDoor {
    /// A router with the page at `/` and CORS for any origin. Services add their routes to it.
    public static func router(page: @escaping @Sendable () -> FrontDoorPage) -> FrontDoorRouter {
        let router = Router(context: ConnectionContext.self, options: .autoGenerateHeadEndpoints)
        router.add(
            middleware: CORSMiddleware(
                allowOrigin: .all, allowHeaders: allowedHeaders,
                allowMethods: [.get, .head, .post, .put, .delete, .options], maxAge: .hours(24)))
        router.add(middleware: ShortAnswers())
        router.get("/") { request, _ in Response.html(page().html(at: PageOrigin(request.head))) }
        return router
    }

    /// Whether a path is a socket.io server's: WebSockets there are signalling, anywhere else they are libp2p.
    public static func isSignalling(_ path: String) -> Bool {
        ["/socket.io", "/socket.io-next"].contains { path == $0 || path.hasPrefix($0 + "/") }
    }

    private static let allowedHeaders: [HTTPField.Name] = [
        .accept, .authorization, .cacheControl, .contentType, .ifNoneMatch, .ifModifiedSince, .origin, .range,
        .userAgent,
    ]
}

/// Gives errors without a body, such as a route's absence, a short text.
struct ShortAnswers<Context: RequestContext>: RouterMiddleware {
    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.body == nil {
            var response =
                error.status == .notFound
                ? Response.text(.notFound, "there is nothing at \(request.uri.path)")
                : Response.text(error.status, error.status.reasonPhrase.lowercased())
            response.headers.append(contentsOf: error.headers)
            return response
        }
    }
}
