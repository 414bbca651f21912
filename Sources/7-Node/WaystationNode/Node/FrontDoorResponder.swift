import DelegatedRouting
import HTTPServing
import Hummingbird

/// The front door's responder: what is the star's or the delegate's goes there, past the router and its rules for browsers.
struct FrontDoorResponder<Router: HTTPResponder>: HTTPResponder where Router.Context == ConnectionContext {
    let router: Router
    let star: NodeStar?
    let delegate: @Sendable () -> NodeDelegate?

    func respond(to request: Request, context: ConnectionContext) async throws -> Response {
        let path = request.uri.path
        if let star, FrontDoor.isSignalling(path) { return try await star.respond(to: request, context: context) }
        if Delegate.serves(path), let delegate = delegate() {
            return try await delegate.respond(to: request, context: context)
        }
        return try await router.respond(to: request, context: context)
    }
}
