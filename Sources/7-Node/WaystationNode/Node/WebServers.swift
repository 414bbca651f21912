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

/// The front door and the admin server of a node.
final class WebServers: Sendable {
    private struct State {
        var frontDoor: HTTPServer?
        var admin: HTTPServer?
        var frontDoorURL: String?
        var adminURL: String?
        var relay: RelayServer?
    }

    private let configuration: NodeConfiguration
    private let group: MultiThreadedEventLoopGroup
    private let loops: LoopGroup
    private let host: Host
    private let star: NodeStar?
    private let telemetry: Telemetry
    private let logger: Logger
    private let startedAt: NIODeadline
    private let state = Mutex(State())
    private let streamBuffers = Atomic<Int>(0)

    init(
        _ configuration: NodeConfiguration, group: MultiThreadedEventLoopGroup, loops: LoopGroup, host: Host,
        star: NodeStar?, telemetry: Telemetry, logger: Logger
    ) {
        self.configuration = configuration
        self.group = group
        self.loops = loops
        self.host = host
        self.star = star
        self.telemetry = telemetry
        self.logger = logger
        startedAt = .now()
    }

    /// Where the front door answers, as the node prints it.
    var frontDoorURL: String? { state.withLock { $0.frontDoorURL } }

    /// Where the admin server answers.
    var adminURL: String? { state.withLock { $0.adminURL } }

    /// Opens the front door, if it is configured.
    func startFrontDoor() async throws {
        guard let address = configuration.http else { return }
        var settings = HTTPServer.Configuration(name: "front door")
        settings.limits.connections = configuration.limits.httpConnections.value
        settings.limits.connectionsPerIP = configuration.limits.httpConnectionsPerIP.value
        let sparesPrivate =
            configuration.allowPrivateAddresses && !configuration.limits.httpConnectionsPerIP.isExplicit
        let proxies = configuration.proxies
        settings.isSparedPerIP = { address in
            sparesPrivate && !address.isPublic || proxies.contains { $0.contains(address) }
        }
        let (host, loops, star) = (host, loops, star)
        settings.bodyLimit = { _, path in FrontDoor.isSignalling(path) && star != nil ? NodeStar.bodyLimit : 0 }
        settings.webSocketRoute = { request in
            if FrontDoor.isSignalling(request.path) { return star?.route(request) }
            return WebSocketRoute(maxFrameSize: WebSocketTransport.maxFrameSize) { channel in
                WebSocketTransport.adopt(channel, upgrader: host, loops: loops)
            }
        }
        let router = FrontDoor.router { [weak self] in
            FrontDoorPage(
                peerID: host.localPeer.description, agentVersion: Version.agent, addresses: self?.pageAddresses ?? [],
                dhtProtocols: self?.configuration.dhtProtocols ?? [])
        }
        let server = HTTPServer(
            settings, group: group, loops: loops,
            responder: FrontDoorResponder(router: router.buildResponder(), star: star), logger: logger.part("http"))
        let bound = try await server.start(host: address.host, port: Int(address.port))
        state.withLock {
            $0.frontDoor = server
            $0.frontDoorURL = Self.url(bound)
        }
        if let listener = FrontDoorListener(bound) { host.add(listener) }
    }

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
        let servers = state.withLock { [$0.frontDoor, $0.admin] }
        return servers.compactMap { $0 }.map { ($0.configuration.name, $0.connectionCount) }
    }

    /// Shows a relay below `/api/`.
    func show(_ relay: RelayServer) { state.withLock { $0.relay = relay } }

    func stopFrontDoor(within time: Duration) async {
        let server = state.withLock { state in
            defer { state.frontDoor = nil }
            return state.frontDoor
        }
        await server?.stop(within: time)
    }

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

    private var pageAddresses: [String] { host.addresses.map { "\($0)/p2p/\(host.localPeer)" } }

    private static func url(_ address: SocketAddress) -> String? {
        guard let ip = address.ipAddress, let port = address.port else { return nil }
        return "http://\(HostAndPort(host: ip, port: UInt16(clamping: port)))"
    }
}

/// The front door among the host's listeners: libp2p over WebSocket at its port.
private struct FrontDoorListener: Listener {
    let address: Multiaddr

    init?(_ bound: SocketAddress) {
        guard let ip = bound.ipAddress.flatMap({ IPAddress($0) }),
            let port = bound.port.flatMap({ UInt16(exactly: $0) }),
            let address = try? Multiaddr.ip(ip, tcp: port).encapsulating(Multiaddr("/ws"))
        else { return nil }
        self.address = address
    }

    /// The web server that owns the socket closes it.
    func close() async {}
}
