import HTTPServing
import Hummingbird
import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PRelay
import LibP2PTransports
import Logging
import Multiformats
import NIOCore
import NIOPosix
import StarSignalling
import Synchronization
import Telemetry

/// The admin server of a node, and what it shows of the others.
final class WebServers: Sendable {
    private struct State {
        var admin: HTTPServer?
        var adminURL: String?
        var relay: RelayServer?
    }

    private let configuration: NodeConfiguration
    private let group: MultiThreadedEventLoopGroup
    private let loops: LoopGroup
    private let host: Host
    private let star: NodeStar?
    private let frontDoor: NodeFrontDoor
    private let telemetry: Telemetry
    private let logger: Logger
    private let startedAt: NIODeadline
    private let state = Mutex(State())
    private let streamBuffers = Atomic<Int>(0)

    init(
        _ configuration: NodeConfiguration, group: MultiThreadedEventLoopGroup, loops: LoopGroup, host: Host,
        star: NodeStar?, frontDoor: NodeFrontDoor, telemetry: Telemetry, logger: Logger
    ) {
        self.configuration = configuration
        self.group = group
        self.loops = loops
        self.host = host
        self.star = star
        self.frontDoor = frontDoor
        self.telemetry = telemetry
        self.logger = logger
        startedAt = .now()
    }

    /// Where the admin server answers.
    var adminURL: String? { state.withLock { $0.adminURL } }

    /// Starts the admin server, if it is configured.
    func startAdmin() async throws {
        guard let address = configuration.admin else { return }
        let telemetry = telemetry
        let routes = AdminRoutes(
            readiness: { (telemetry.health.isReady, telemetry.health.stage.rawValue) },
            metrics: {
                // Each loop knows its own share only, so this one value is fetched before the others are read.
                if let bytes = try? await self.loops.bufferedBytes() {
                    self.streamBuffers.store(bytes, ordering: .relaxed)
                }
                return (telemetry.metrics.exposition(), MetricsRegistry.expositionContentType)
            },
            node: { self.report })
        let router = routes.router()
        router.get("/api/relay") { [weak self] _, _ in
            guard let relay = self?.state.withLock({ $0.relay }) else {
                return Response.text(.notFound, "The relay is switched off.")
            }
            return try Response.json(relay.snapshot())
        }
        router.get("/api/star") { [star] _, _ in
            guard let star else { return Response.text(.notFound, "The star is switched off.") }
            return try Response.json(star.report)
        }
        let server = HTTPServer(
            HTTPServer.Configuration(name: "admin"), group: group, loops: loops, responder: router.buildResponder(),
            logger: logger.part("admin"))
        let bound = try await server.start(host: address.host, port: Int(address.port))
        state.withLock {
            $0.admin = server
            $0.adminURL = Self.url(bound)
        }
    }

    /// Bytes that all streams of the node held unread when the metrics were asked for last.
    var streamBufferBytes: Int { streamBuffers.load(ordering: .relaxed) }

    /// Connections that are open, by the server's name in the metrics, without those that became libp2p connections.
    var connectionCounts: [(server: String, count: Int)] {
        let servers = frontDoor.servers + [state.withLock { $0.admin }].compactMap { $0 }
        return servers.map { ($0.configuration.name, $0.connectionCount) }
    }

    /// Shows a relay below `/api/`.
    func show(_ relay: RelayServer) { state.withLock { $0.relay = relay } }

    func stopAdmin() async {
        let server = state.withLock { state in
            defer { state.admin = nil }
            return state.admin
        }
        await server?.stop(within: .zero)
    }

    private var report: NodeReport {
        NodeReport(
            peerId: host.localPeer.description, agentVersion: Version.agent, protocolVersion: Version.network,
            listenAddresses: host.listenAddresses.map { "\($0)/p2p/\(host.localPeer)" },
            announcedAddresses: host.addresses.map { "\($0)/p2p/\(host.localPeer)" },
            protocols: host.protocols.map(\.name),
            uptimeSeconds: Int((NIODeadline.now() - startedAt).nanoseconds / 1_000_000_000),
            connections: host.connectionCount)
    }

    /// Where a server answers, as the node prints it.
    private static func url(_ address: SocketAddress) -> String {
        "http://\(HostAndPort(host: address.ipAddress ?? "", port: UInt16(clamping: address.port ?? 0)))"
    }
}
