import HTTPServing
import Hummingbird
import LibP2PCore
import Logging
import Multiformats
import NIOCore
import StarSignalling

/// The star of a node: the signalling server behind the front door's `/socket.io/` and `/socket.io-next/`.
final class NodeStar: Sendable {
    let hub: StarHub
    let engine: EngineServer
    private let proxies: [IPPrefix]

    /// A message may have so many bytes; a POST with several has no more.
    static let bodyLimit = EngineSettings().maxPayload

    /// Makes a star without peers.
    init(_ configuration: NodeConfiguration, loops: LoopGroup, random: RandomSource = RandomSource()) {
        let star = configuration.star
        let sparesPrivate = configuration.allowPrivateAddresses
        let isSpared: @Sendable (IPAddress) -> Bool = { sparesPrivate && !$0.isPublic }
        hub = StarHub(
            limits: star.limits, refresh: star.refresh, refreshPeers: star.refreshPeers.orZero, isSparedPerIP: isSpared,
            random: random)
        var settings = EngineSettings()
        settings.maxSessions = star.peers.value
        settings.maxSessionsPerIP = star.socketsPerIP.value
        if !star.socketsPerIP.isExplicit { settings.isSparedPerIP = isSpared }
        settings.allowedOrigins = star.allowedOrigins.isEmpty ? nil : Set(star.allowedOrigins)
        proxies = configuration.proxies
        engine = EngineServer(settings, loops: loops, random: random, service: hub)
    }

    /// Lets nobody in any more, and ends the sockets that are there.
    func stop() { engine.stop() }

    /// Answers what is no WebSocket.
    func respond(to request: Request, context: ConnectionContext) async throws -> Response {
        let body = try await request.body.collect(upTo: Self.bodyLimit)
        let answer = await engine.respond(
            to: EngineRequest(request.head, body: body, peer: context.remoteAddress, trusted: proxies),
            on: context.executor)
        return Response(
            status: answer.status, headers: answer.headers,
            body: answer.body.readableBytes > 0 ? ResponseBody(byteBuffer: answer.body) : ResponseBody())
    }

    /// Who takes a WebSocket over; nil when ``respond(to:context:)`` is to say why nobody does.
    func route(_ request: WebSocketRequest) -> WebSocketRoute? {
        let accept = engine.webSocket(
            EngineRequest(
                webSocket: request.query, headers: request.headers, peer: request.remoteAddress, trusted: proxies))
        return accept.map { WebSocketRoute(maxFrameSize: Self.bodyLimit, accept: $0) }
    }
}

/// The front door's responder: what is the star's goes to the star, past the router and its rules for browsers.
struct FrontDoorResponder<Router: HTTPResponder>: HTTPResponder where Router.Context == ConnectionContext {
    let router: Router
    let star: NodeStar?

    func respond(to request: Request, context: ConnectionContext) async throws -> Response {
        guard let star, FrontDoor.isSignalling(request.uri.path) else {
            return try await router.respond(to: request, context: context)
        }
        return try await star.respond(to: request, context: context)
    }
}
