import HTTPServing
import HTTPTypes
import Hummingbird
import LibP2PCore
import Logging
import NIOCore
import NIOPosix

@testable import StarSignalling

/// An engine behind a real HTTP server on a free port of loopback, while a test's body runs.
struct StarDoor {
    let engine: EngineServer
    let address: SocketAddress

    static func open<Result>(
        _ settings: EngineSettings = EngineSettings(), service: any SocketService, loops count: Int = 2,
        _ body: (StarDoor) async throws -> Result
    ) async throws -> Result {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: count)
        let loops = LoopGroup(group)
        let engine = EngineServer(settings, loops: loops, random: RandomSource(), service: service)
        var configuration = HTTPServer.Configuration(name: "test")
        configuration.bodyLimit = { _, _ in settings.maxPayload }
        configuration.webSocketRoute = { request in
            let accept = engine.webSocket(
                EngineRequest(
                    webSocket: request.query, headers: request.headers, peer: request.remoteAddress,
                    trusted: settings.trustedProxies))
            return accept.map { WebSocketRoute(maxFrameSize: settings.maxPayload, accept: $0) }
        }
        let server = HTTPServer(
            configuration, group: group, loops: loops, responder: Responder(engine: engine),
            logger: Logger(label: "test"))
        let address = try await server.start(host: "127.0.0.1", port: 0)
        do {
            let result = try await body(StarDoor(engine: engine, address: address))
            engine.stop()
            await server.stop(within: .seconds(1))
            try await group.shutdownGracefully()
            return result
        } catch {
            engine.stop()
            await server.stop(within: .zero)
            try await group.shutdownGracefully()
            throw error
        }
    }

    /// Hands all requests to the engine, whatever their path.
    private struct Responder: HTTPResponder {
        let engine: EngineServer

        func respond(to request: Request, context: ConnectionContext) async throws -> Response {
            let body = try await request.body.collect(upTo: engine.settings.maxPayload)
            let answer = await engine.respond(
                to: EngineRequest(
                    request.head, body: body, peer: context.remoteAddress, trusted: engine.settings.trustedProxies),
                on: context.executor)
            return Response(
                status: answer.status, headers: answer.headers, body: ResponseBody(byteBuffer: answer.body))
        }
    }
}
