import Foundation
import HTTPTypes
public import Hummingbird

/// The routes of the admin server: health, metrics, what the node is, and a page that shows it.
public struct AdminRoutes: Sendable {
    /// Whether the node may be sent traffic, and the word for its stage.
    public var readiness: @Sendable () -> (isReady: Bool, stage: String)

    /// All metrics in Prometheus' text format, and its content type.
    public var metrics: @Sendable () async -> (text: String, contentType: String)

    /// What the node is now.
    public var node: @Sendable () async -> NodeReport

    /// Makes routes that ask these.
    public init(
        readiness: @escaping @Sendable () -> (isReady: Bool, stage: String),
        metrics: @escaping @Sendable () async -> (text: String, contentType: String),
        node: @escaping @Sendable () async -> NodeReport
    ) {
        self.readiness = readiness
        self.metrics = metrics
        self.node = node
    }

    /// A router with all of them. Services add theirs below `/api/`.
    public func router() -> Router<ConnectionContext> {
        let router = Router(context: ConnectionContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: ShortAnswers())
        router.get("/healthz") { _, _ in Response.text(.ok, "alive") }
        router.get("/readyz") { [readiness] _, _ in
            let (isReady, stage) = readiness()
            return Response.text(isReady ? .ok : .serviceUnavailable, stage)
        }
        router.get("/metrics") { [metrics] _, _ in
            let (text, contentType) = await metrics()
            return Response(
                status: .ok, headers: [.contentType: contentType],
                body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        }
        router.get("/api/node") { [node] _, _ in try await Response.json(node()) }
        router.get("/") { [node, readiness] _, _ in
            await Response.html(node().html(stage: readiness().stage))
        }
        return router
    }
}

/// What `/api/node` tells.
public struct NodeReport: Encodable, Sendable {
    /// The node's peer id.
    public var peerId: String
    /// The program and its version.
    public var agentVersion: String
    /// The version of identify's protocol.
    public var protocolVersion: String
    /// Where the node listens, with its peer id.
    public var listenAddresses: [String]
    /// The addresses that other peers are told.
    public var announcedAddresses: [String]
    /// The protocols that are answered.
    public var protocols: [String]
    /// Seconds since the node started.
    public var uptimeSeconds: Int
    /// Live libp2p connections.
    public var connections: Int

    /// Makes a report.
    public init(
        peerId: String, agentVersion: String, protocolVersion: String, listenAddresses: [String],
        announcedAddresses: [String], protocols: [String], uptimeSeconds: Int, connections: Int
    ) {
        self.peerId = peerId
        self.agentVersion = agentVersion
        self.protocolVersion = protocolVersion
        self.listenAddresses = listenAddresses
        self.announcedAddresses = announcedAddresses
        self.protocols = protocols
        self.uptimeSeconds = uptimeSeconds
        self.connections = connections
    }

    /// The report as a page.
    func html(stage: String) -> String {
        let rows = [
            ("State", stage), ("Peer id", peerId), ("Version", agentVersion), ("Up for", "\(uptimeSeconds) s"),
            ("Connections", "\(connections)"),
        ]
        let table = rows.map { "<tr><td>\($0)</td><td><code>\(HTML.escaped($1))</code></td></tr>" }.joined()
        return HTML.page(
            title: "Waystation admin",
            body: """
                <h1>Waystation</h1>
                <table>\(table)</table>
                <h2>Listening</h2>
                \(HTML.list(listenAddresses, none: "nowhere"))
                <h2>Announced</h2>
                \(HTML.list(announcedAddresses, none: "nothing yet"))
                <h2>Protocols</h2>
                \(HTML.list(protocols, none: "none"))
                <p><a href="/metrics">metrics</a> · <a href="/api/node">this as JSON</a></p>
                """)
    }
}

extension Response {
    /// A value as JSON with sorted keys.
    public static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(value)
        return Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: data + [UInt8(ascii: "\n")])))
    }
}
