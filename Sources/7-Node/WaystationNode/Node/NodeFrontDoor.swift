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

/// The front door of a node, plain and over TLS: its page, libp2p over WebSocket, the star and the delegate. It has ports of
/// its own, shares those of libp2p, or both.
final class NodeFrontDoor: Sendable {
    /// Where one of its servers answers.
    private struct Port {
        let url: String
        let number: UInt16
        let isSecure: Bool
        let isShared: Bool
    }

    private struct State {
        var plain: HTTPServer?
        var secure: HTTPServer?
        var ports: [Port] = []
        var delegate: NodeDelegate?
    }

    /// The certificates that are served; nil without TLS.
    let certificates: NodeCertificates?
    /// Connections of shared ports that have said nothing yet.
    let silent: SilentConnections
    private let configuration: NodeConfiguration
    private let group: MultiThreadedEventLoopGroup
    private let loops: LoopGroup
    private let host: Host
    private let star: NodeStar?
    private let announcer: NodeAnnouncer?
    private let logger: Logger
    private let state = Mutex(State())

    /// Makes a door that is closed.
    init(
        _ configuration: NodeConfiguration, group: MultiThreadedEventLoopGroup, loops: LoopGroup, host: Host,
        star: NodeStar?, certificates: NodeCertificates?, logger: Logger
    ) {
        self.configuration = configuration
        self.group = group
        self.loops = loops
        self.host = host
        self.star = star
        self.logger = logger
        silent = SilentConnections(
            total: configuration.limits.handshakes.orMax, perIP: configuration.limits.silentConnectionsPerIP,
            isSpared: configuration.sparesHTTPLimits)
        self.certificates = certificates
        announcer = certificates.map {
            NodeAnnouncer(configuration, host: host, store: $0.store, ownName: $0.ownName, logger: logger)
        }
        makeServers()
    }

    /// Where it answers without TLS, as the node prints it.
    var url: String? { url(isSecure: false) }

    /// Where it answers over TLS.
    var secureURL: String? { url(isSecure: true) }

    /// Its servers.
    var servers: [HTTPServer] { state.withLock { [$0.plain, $0.secure].compactMap { $0 } } }

    private func url(isSecure: Bool) -> String? {
        state.withLock { state in
            let ports = state.ports.filter { $0.isSecure == isSecure }
            return (ports.first { !$0.isShared } ?? ports.first)?.url
        }
    }

    /// Lets a delegate answer what is its own. Before, and without one, its paths are unknown.
    func show(_ delegate: NodeDelegate) { state.withLock { $0.delegate = delegate } }

    /// Opens the ports of its own that are configured, and tells what they are for.
    func start() async throws {
        let (plain, secure) = state.withLock { ($0.plain, $0.secure) }
        if let plain, let address = configuration.http { try await open(plain, at: address, isSecure: false) }
        if let secure, let address = configuration.tls.door { try await open(secure, at: address, isSecure: true) }
        announcer?.start(ports: state.withLock { $0.ports.filter(\.isSecure).map(\.number) })
        warnOfPorts()
        certificates?.start()
    }

    /// Closes its ports, and lets requests under way end.
    func stop(within time: Duration) async {
        await certificates?.stop()
        announcer?.stop()
        let servers = state.withLock { state in
            defer { state = State() }
            return [state.plain, state.secure].compactMap { $0 }
        }
        await withTaskGroup { group in
            for server in servers { group.addTask { await server.stop(within: time) } }
        }
    }

    /// Takes connections of libp2p's ports that are none of libp2p.
    var sharing: PortSharing? {
        let (plain, secure) = state.withLock { ($0.plain, $0.secure) }
        guard configuration.sharesPort, let plain else { return nil }
        var takeTLS: PortSharing.Taker?
        if let secure { takeTLS = { try secure.adopt($0) } }
        return PortSharing(silent: silent, http: { try plain.adopt($0) }, tls: takeTLS)
    }

    /// Counts a port of libp2p that is shared to its own.
    func share(_ address: Multiaddr) {
        for isSecure in certificates == nil ? [false] : [false, true] {
            guard let ip = address.ipAddress, let port = address.tcpPort else { return }
            add(ip, port, isSecure: isSecure, isShared: true)
        }
    }

    private func open(_ server: HTTPServer, at address: HostAndPort, isSecure: Bool) async throws {
        let bound = try await server.start(host: address.host, port: Int(address.port))
        guard let ip = bound.ipAddress.flatMap({ IPAddress($0) }), let port = bound.port.flatMap(UInt16.init(exactly:))
        else { return }
        add(ip, port, isSecure: isSecure, isShared: false)
    }

    private func add(_ ip: IPAddress, _ number: UInt16, isSecure: Bool, isShared: Bool) {
        let door = HostAndPort(host: ip.description, port: number)
        let url = "\(isSecure ? "https" : "http")://\(door)"
        state.withLock { $0.ports.append(Port(url: url, number: number, isSecure: isSecure, isShared: isShared)) }
        if let listener = FrontDoorListener(ip, number, isSecure: isSecure) { host.add(listener) }
    }

    private func makeServers() {
        let router = makeRouter()
        let caps = ConnectionCaps(
            total: configuration.limits.httpConnections.value,
            perIP: configuration.limits.httpConnectionsPerIP.value, isSpared: configuration.sparesHTTPLimits)
        let hasPlain = configuration.http != nil || configuration.sharesPort
        let plain = hasPlain ? makeServer(router, caps, isSecure: false) : nil
        let secure = certificates == nil ? nil : makeServer(router, caps, isSecure: true)
        state.withLock { state in
            state.plain = plain
            state.secure = secure
        }
    }

    private func makeServer(_ router: FrontDoorRouter, _ caps: ConnectionCaps, isSecure: Bool) -> HTTPServer {
        HTTPServer(
            settings(caps, isSecure: isSecure), group: group, loops: loops,
            responder: FrontDoorResponder(router: router.buildResponder(), star: star) { [weak self] in
                self?.state.withLock { $0.delegate }
            }, logger: logger)
    }

    /// Says where a certificate authority will look, if that is not where the node is.
    private func warnOfPorts() {
        guard let port = configuration.acme.challenge.port, !configuration.orderedDomains.isEmpty else { return }
        let isSecure = configuration.acme.challenge == .tlsALPN01
        let ports = state.withLock { $0.ports.filter { $0.isSecure == isSecure }.map(\.number) }
        guard !ports.contains(port) else { return }
        logger.warning(
            "a certificate authority comes to another port than the node is at: forward that one to the node's",
            metadata: [
                "challenge": "\(configuration.acme.challenge.rawValue)", "authoritysPort": "\(port)",
                "nodesPorts": "\(ports)",
            ])
    }

    private func makeRouter() -> FrontDoorRouter {
        let router = makePage()
        router.get("/.well-known/acme-challenge/:token") { [certificates] _, context in
            guard let certificates, let token = context.parameters.get("token"),
                let text = await certificates.challengeFile(token)
            else { return Response.text(.notFound, "no such challenge is under way") }
            return Response(
                status: .ok, headers: [.contentType: "application/octet-stream"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        }
        return router
    }

    private func makePage() -> FrontDoorRouter {
        FrontDoor.router { [host, configuration, star] in
            FrontDoorPage(
                peerID: host.localPeer.description, agentVersion: Version.agent,
                addresses: host.addresses.map { "\($0)/p2p/\(host.localPeer)" },
                dhtProtocols: configuration.dhtProtocols, isStar: star != nil)
        }
    }

    private func settings(_ caps: ConnectionCaps, isSecure: Bool) -> HTTPServer.Configuration {
        var settings = HTTPServer.Configuration(name: isSecure ? "front door over TLS" : "front door")
        settings.caps = caps
        if isSecure, let certificates {
            settings.tls = certificates.door
            let time = configuration.tls.strictTransport
            settings.strictTransport = time == .zero ? nil : time
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

    init?(_ ip: IPAddress, _ port: UInt16, isSecure: Bool) {
        guard let address = try? Multiaddr.ip(ip, tcp: port).encapsulating(Multiaddr(isSecure ? "/tls/ws" : "/ws"))
        else {
            return nil
        }
        self.address = address
    }

    /// The web server that owns the socket closes it.
    func close() async {}
}
