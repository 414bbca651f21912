import Certificates
import DelegatedRouting
import HTTPServing
import Hummingbird
import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTransports
import Logging
import Multiformats
import NIOCore
import NIOPosix
import Synchronization

/// The front door of a node, plain and over TLS: its page, libp2p over WebSocket, and the star.
final class NodeFrontDoor: Sendable {
    /// One of the two ports.
    private struct Port {
        let server: HTTPServer
        let url: String
        let number: UInt16
    }

    private struct State {
        var plain: Port?
        var secure: Port?
        var delegate: NodeDelegate?
    }

    /// The certificates that are served; nil without TLS.
    let certificates: CertificateReloader?
    private let configuration: NodeConfiguration
    private let group: MultiThreadedEventLoopGroup
    private let loops: LoopGroup
    private let host: Host
    private let star: NodeStar?
    private let announcer: NodeAnnouncer?
    private let logger: Logger
    private let state = Mutex(State())

    /// Makes a door that is closed, and reads its certificates.
    init(
        _ configuration: NodeConfiguration, group: MultiThreadedEventLoopGroup, loops: LoopGroup, host: Host,
        star: NodeStar?, logger: Logger
    ) throws(CertificateError) {
        self.configuration = configuration
        self.group = group
        self.loops = loops
        self.host = host
        self.star = star
        self.logger = logger
        certificates =
            configuration.tls.files.isEmpty
            ? nil
            : try CertificateReloader(
                configuration.tls.files, protocols: TLSDoor.protocols, on: loops.next(), logger: logger)
        announcer = certificates.map {
            NodeAnnouncer(configuration, host: host, store: $0.store, logger: logger)
        }
    }

    /// Where it answers without TLS, as the node prints it.
    var url: String? { state.withLock { $0.plain?.url } }

    /// Where it answers over TLS.
    var secureURL: String? { state.withLock { $0.secure?.url } }

    /// Its servers that are open.
    var servers: [HTTPServer] { state.withLock { [$0.plain, $0.secure].compactMap { $0?.server } } }

    /// Lets a delegate answer what is its own. Before, and without one, its paths are unknown.
    func show(_ delegate: NodeDelegate) { state.withLock { $0.delegate = delegate } }

    /// Opens what is configured.
    func start() async throws {
        let router = makeRouter()
        if let address = configuration.http {
            let port = try await open(settings(isSecure: false), at: address, router, isSecure: false)
            state.withLock { $0.plain = port }
        }
        if let certificates, let address = configuration.tls.door {
            var settings = settings(isSecure: true)
            let store = certificates.store
            settings.tls = TLSDoor { store.credentials(for: $0.serverName)?.context }
            let port = try await open(settings, at: address, router, isSecure: true)
            state.withLock { $0.secure = port }
            certificates.start()
            announcer?.start(ports: [port.number])
        }
    }

    /// Closes both ports, and lets requests under way end.
    func stop(within time: Duration) async {
        certificates?.stop()
        announcer?.stop()
        let servers = state.withLock { state in
            defer { state = State() }
            return [state.plain, state.secure].compactMap { $0?.server }
        }
        await withTaskGroup { group in
            for server in servers { group.addTask { await server.stop(within: time) } }
        }
    }

    private func open(
        _ settings: HTTPServer.Configuration, at address: HostAndPort, _ router: FrontDoorRouter,
        isSecure: Bool
    ) async throws -> Port {
        let server = HTTPServer(
            settings, group: group, loops: loops,
            responder: FrontDoorResponder(router: router.buildResponder(), star: star) { [weak self] in
                self?.state.withLock { $0.delegate }
            }, logger: logger)
        let bound = try await server.start(host: address.host, port: Int(address.port))
        if let listener = FrontDoorListener(bound, isSecure: isSecure) { host.add(listener) }
        return Port(
            server: server, url: WebServers.url(bound, isSecure: isSecure),
            number: UInt16(clamping: bound.port ?? 0))
    }

    private func makeRouter() -> FrontDoorRouter {
        FrontDoor.router { [host, configuration, star] in
            FrontDoorPage(
                peerID: host.localPeer.description, agentVersion: Version.agent,
                addresses: host.addresses.map { "\($0)/p2p/\(host.localPeer)" },
                dhtProtocols: configuration.dhtProtocols, isStar: star != nil)
        }
    }

    private func settings(isSecure: Bool) -> HTTPServer.Configuration {
        var settings = HTTPServer.Configuration(name: isSecure ? "front door over TLS" : "front door")
        settings.limits.connections = configuration.limits.httpConnections.value
        settings.limits.connectionsPerIP = configuration.limits.httpConnectionsPerIP.value
        let sparesPrivate =
            configuration.allowPrivateAddresses && !configuration.limits.httpConnectionsPerIP.isExplicit
        let proxies = configuration.proxies
        settings.isSparedPerIP = { address in
            sparesPrivate && !address.isPublic || proxies.contains { $0.contains(address) }
        }
        let (host, loops, star) = (host, loops, star)
        settings.bodyLimit = { _, path in
            if FrontDoor.isSignalling(path) { return star == nil ? 0 : NodeStar.bodyLimit }
            return Delegate.serves(path) ? DelegateSettings.maxBody : 0
        }
        settings.webSocketRoute = { request in
            if FrontDoor.isSignalling(request.path) { return star?.route(request) }
            return WebSocketRoute(maxFrameSize: WebSocketTransport.maxFrameSize) { channel in
                WebSocketTransport.adopt(channel, isSecure: isSecure, upgrader: host, loops: loops)
            }
        }
        return settings
    }
}

/// The front door among the host's listeners: libp2p over WebSocket at its port.
private struct FrontDoorListener: Listener {
    let address: Multiaddr

    init?(_ bound: SocketAddress, isSecure: Bool) {
        guard let ip = bound.ipAddress.flatMap({ IPAddress($0) }),
            let port = bound.port.flatMap({ UInt16(exactly: $0) }),
            let address = try? Multiaddr.ip(ip, tcp: port).encapsulating(Multiaddr(isSecure ? "/tls/ws" : "/ws"))
        else { return nil }
        self.address = address
    }

    /// The web server that owns the socket closes it.
    func close() async {}
}
