import HTTPTypes
import Hummingbird
import LibP2PCore
import Logging
import Multiformats
import NIOCore
import NIOHTTPTypes

/// One request and its answer.
struct HTTPExchange: Sendable {
    let server: HTTPServer
    let channel: any Channel
    let executor: LoopExecutor
    /// The other end of the connection; nil when it has no IP address.
    let remoteAddress: IPAddress?

    /// Asks the responder and writes what it says. A responder that throws is answered for.
    func answer(_ request: Request) async {
        let response = await respond(to: request)
        server.countResponse(response.status.code)
        do {
            try await write(response, isHead: request.method == .head)
        } catch {
            // The client is gone, or half an answer is written: either way nothing can be said any more.
            server.logger.debug("the answer was cut off", metadata: ["error": "\(error)"])
            channel.close(promise: nil)
        }
    }

    private func respond(to request: Request) async -> Response {
        let context = ConnectionContext(
            source: ConnectionContext.Source(
                logger: server.logger, remoteAddress: remoteAddress, executor: executor))
        do {
            return try await server.responder.respond(to: request, context: context)
        } catch let error as any HTTPResponseError {
            return (try? error.response(from: request, context: context)) ?? Response(status: .internalServerError)
        } catch {
            server.logger.error("a request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            return .text(.internalServerError, "this failed here; the log of the node says why")
        }
    }

    private func write(_ response: Response, isHead: Bool) async throws {
        var head = response.head
        head.headerFields[.date] = WallClock.system.now.httpDate
        if let rule = server.strictTransportSecurity { head.headerFields[.strictTransportSecurity] = rule }
        let body = isHead ? ResponseBody() : response.body
        if case .some(0) = body.contentLength {
            try await send([.head(head), .end(nil)])
        } else {
            // A short body leaves together with its head. A long one, or one that is still being made, does not wait.
            let isShort = body.contentLength.map { $0 <= Self.shortBody } ?? false
            if isShort {
                channel.write(HTTPResponsePart.head(head), promise: nil)
            } else {
                try await send([.head(head)])
            }
            try await body.write(Writer(exchange: self, isGathering: isShort))
        }
    }

    /// Bytes of a body that may wait for its end.
    private static let shortBody = 64 * 1024

    private func send(_ parts: [HTTPResponsePart]) async throws {
        for part in parts.dropLast() {
            channel.write(part, promise: nil)
        }
        if let last = parts.last { try await channel.writeAndFlush(last) }
    }

    /// Writes a body's parts, each after the one before has reached the socket, or all together at the end.
    private struct Writer: ResponseBodyWriter {
        let exchange: HTTPExchange
        let isGathering: Bool

        mutating func write(_ buffer: ByteBuffer) async throws {
            if isGathering {
                exchange.channel.write(HTTPResponsePart.body(buffer), promise: nil)
            } else {
                try await exchange.send([.body(buffer)])
            }
        }

        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
            try await exchange.send([.end(trailingHeaders)])
        }
    }
}
