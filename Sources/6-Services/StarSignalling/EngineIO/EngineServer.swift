package import LibP2PCore
package import NIOCore

/// Engine.IO 3 and 4 over polling and WebSockets, with socket.io's default namespace above: the door that a star's clients
/// come in by.
///
/// It knows nothing of the HTTP server that it stands behind: requests come as values, WebSockets as channels.
package final class EngineServer: Sendable {
    /// What clients are told, what they may cost, and who may come.
    package let settings: EngineSettings
    let random: RandomSource
    let metrics = EngineMetrics()
    private let loops: LoopGroup
    private let service: any SocketService
    private let table = SessionTable()
    private let census: SessionCensus
    private let crossOrigin: CrossOrigin

    /// Makes a server.
    ///
    /// - Parameters:
    ///   - loops: the loops that connections come on.
    ///   - random: where the names of sessions come from; the system's, except in simulations.
    ///   - service: what stands behind the default namespace.
    package init(_ settings: EngineSettings, loops: LoopGroup, random: RandomSource, service: any SocketService) {
        self.settings = settings
        self.loops = loops
        self.random = random
        self.service = service
        census = SessionCensus(settings)
        crossOrigin = CrossOrigin(settings.allowedOrigins)
    }

    /// How many clients there are.
    package var sessionCount: Int { census.count }

    /// Lets nobody in any more, and says goodbye to those who are there. Polls that wait are answered, so that the HTTP
    /// server can end.
    package func stop() {
        census.stop()
        for connection in table.all {
            connection.executor.loop.execute { connection.close(.shutdown) }
        }
    }

    // MARK: Requests

    /// Answers a request, at once or, for a poll, when there is something to say.
    ///
    /// When the task is cancelled while a poll waits, the client is taken for gone.
    ///
    /// - Parameter executor: the loop that the request came on; a session that begins with it lives there.
    package func respond(to request: EngineRequest, on executor: LoopExecutor) async -> EngineResponse {
        var response: EngineResponse
        do throws(EngineRefusal) {
            response = try await serve(request, on: executor)
        } catch {
            metrics.countRefused(error)
            response = .refusal(error)
        }
        crossOrigin.apply(to: &response, request)
        return response
    }

    private func serve(
        _ request: EngineRequest, on executor: LoopExecutor
    ) async throws(EngineRefusal) -> EngineResponse {
        if request.method == "OPTIONS", crossOrigin.admits(request.origin) { return crossOrigin.preflight(request) }
        switch try judge(request) {
        case .session(let connection, .polling):
            return try await serve(request, connection)
        case .begin(let revision, .polling):
            try census.admit(request.source)
            return await begin(revision, request, executor)
        case .begin(_, .webSocket):
            // A WebSocket's request that comes here was not upgraded.
            try census.check(request.source)
            throw .badRequest
        case .session(_, .webSocket):
            throw .badRequest
        }
    }

    private func serve(
        _ request: EngineRequest, _ connection: EngineConnection
    ) async throws(EngineRefusal) -> EngineResponse {
        guard request.method == "GET" || request.method == "POST" else { throw .method }
        let promise = connection.executor.loop.makePromise(of: EngineResponse.self)
        connection.executor.run {
            if request.method == "GET" {
                connection.answer(poll: promise)
            } else {
                connection.answer(post: request, promise)
            }
        }
        return await withTaskCancellationHandler {
            (try? await promise.futureResult.get()) ?? .refusal(.unknownSession)
        } onCancel: {
            connection.executor.run { connection.abandon(poll: promise) }
        }
    }

    /// Begins a session that polls. Its place is taken already.
    private func begin(
        _ revision: EngineRevision, _ request: EngineRequest, _ executor: LoopExecutor
    ) async -> EngineResponse {
        let promise = executor.loop.makePromise(of: EngineResponse.self)
        executor.run {
            let connection = self.makeConnection(revision, .polling, request, executor)
            connection.open()
            promise.succeed(.text(connection.takeOutbox()))
        }
        return (try? await promise.futureResult.get()) ?? .refusal(.full)
    }

    // MARK: WebSockets

    /// What takes a channel over that has become a WebSocket; nil when the request is refused, in which case
    /// ``respond(to:on:)`` says why.
    ///
    /// The closure is called once, on the channel's loop. The pipeline must pass `WebSocketFrame`s, and hold NIO's frame
    /// encoder.
    package func webSocket(_ request: EngineRequest) -> (@Sendable (any Channel) -> Void)? {
        guard let verdict = try? judge(request) else { return nil }
        switch verdict {
        case .begin(let revision, .webSocket):
            // The place is taken when the WebSocket is there: its key may be wrong, and then nobody would give it back.
            guard (try? census.check(request.source)) != nil else { return nil }
            return { self.begin(revision, request, $0) }
        case .session(let connection, .webSocket):
            return { self.attach($0, to: connection) }
        case .begin(_, .polling), .session(_, .polling):
            return nil
        }
    }

    /// Begins a session on a WebSocket.
    private func begin(_ revision: EngineRevision, _ request: EngineRequest, _ channel: any Channel) {
        guard let executor = loops.executor(of: channel.eventLoop), (try? census.admit(request.source)) != nil else {
            return channel.close(promise: nil)
        }
        let connection = makeConnection(revision, .webSocket, request, executor)
        let handler = EngineWebSocketHandler(connection, executor: executor)
        connection.socket = handler
        do {
            try channel.pipeline.syncOperations.addHandler(handler)
            connection.open()
        } catch {
            connection.close(.transportClosed)
        }
    }

    private func attach(_ channel: any Channel, to connection: EngineConnection) {
        guard let executor = loops.executor(of: channel.eventLoop) else { return channel.close(promise: nil) }
        let handler = EngineWebSocketHandler(connection, executor: executor)
        do {
            try channel.pipeline.syncOperations.addHandler(handler)
            connection.executor.run { connection.attach(handler) }
        } catch {
            channel.close(promise: nil)
        }
    }

    // MARK: Sessions

    private func makeConnection(
        _ revision: EngineRevision, _ transport: EngineSession.Transport, _ request: EngineRequest,
        _ executor: LoopExecutor
    ) -> EngineConnection {
        let connection = EngineConnection(
            revision, transport, source: request.source, executor: executor, server: self)
        connection.receiver = SocketClient(connection, service: service)
        table[connection.id] = connection
        metrics.countOpened(revision)
        return connection
    }

    func forget(_ connection: EngineConnection, _ reason: CloseReason) {
        table[connection.id] = nil
        census.release(connection.source)
        metrics.countClosed(reason)
    }

    // MARK: Judgement

    private enum Verdict {
        case begin(EngineRevision, EngineSession.Transport)
        case session(EngineConnection, EngineSession.Transport)
    }

    /// What a request is about. The checks come in the reference server's order.
    private func judge(_ request: EngineRequest) throws(EngineRefusal) -> Verdict {
        guard crossOrigin.admits(request.origin) else { throw .forbiddenOrigin }
        let query = EngineQuery(request.query)
        if query.wantsScript { throw .script }
        let transport: EngineSession.Transport
        switch query.transport {
        case "polling": transport = .polling
        case "websocket": transport = .webSocket
        default: throw .unknownTransport
        }
        if let sid = query.sid {
            guard let connection = SocketID(sid).flatMap({ table[$0] }) else { throw .unknownSession }
            return .session(connection, transport)
        }
        guard request.method == "GET" else { throw .badMethod }
        guard transport == .polling || request.isUpgrade else { throw .badRequest }
        switch query.revision {
        case "3": return .begin(.three, transport)
        case "4": return .begin(.four, transport)
        default: throw .unsupportedRevision
        }
    }
}

extension LoopExecutor {
    /// Runs work on the loop: at once when the caller is there.
    fileprivate func run(_ work: @escaping @Sendable () -> Void) {
        if isCurrent { work() } else { loop.execute(work) }
    }
}
