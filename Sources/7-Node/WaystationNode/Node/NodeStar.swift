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
    /// What makes it one with other nodes' stars.
    let cluster: StarCluster?
    private let proxies: [IPPrefix]

    /// A message may have so many bytes; a POST with several has no more.
    static let bodyLimit = EngineSettings().maxPayload

    /// Makes a star without peers.
    init(
        _ configuration: NodeConfiguration, loops: LoopGroup, random: RandomSource = RandomSource(), logger: Logger
    ) {
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
        cluster = star.redis.map { [hub] redis in
            StarCluster(redis, hub: hub, executor: loops.next(), random: random, logger: logger)
        }
    }

    /// Becomes one with the stars of other nodes, if there are any.
    func start() async { await cluster?.start() }

    /// Lets nobody in any more, ends the sockets that are there, and tells the other nodes.
    func stop() async {
        engine.stop()
        await cluster?.stop()
    }

    /// What the star does now.
    var report: StarReport { StarReport(star: hub.snapshot, cluster: cluster?.currentStatus) }

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

/// What `GET /api/star` answers.
struct StarReport: Encodable {
    let star: StarSnapshot
    /// How the node stands with the others; left out where it is alone.
    let cluster: StarClusterStatus?

    func encode(to encoder: any Encoder) throws {
        try star.encode(to: encoder)
        var container = encoder.container(keyedBy: Keys.self)
        try container.encodeIfPresent(cluster, forKey: .cluster)
    }

    private enum Keys: CodingKey { case cluster }
}
