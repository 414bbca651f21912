import Certificates
import HTTPServing
import LibP2PBasics
import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PKademlia
import LibP2PMuxers
import LibP2PPubSub
import LibP2PRelay
import LibP2PSecurity
import LibP2PTransports
import Logging
import Multiformats
import NIOCore
import NIOPosix
import NodeStorage
import Telemetry

/// Puts a node together, one part after another, and takes apart what stands when one of them fails.
struct NodeAssembly {
    /// All parts of a node.
    struct Parts {
        let configuration: NodeConfiguration
        let host: Host
        let tables: [KademliaDHT]
        let telemetry: Telemetry
        let logger: Logger
        let loops: LoopGroup
        let group: MultiThreadedEventLoopGroup
        let storage: NodeStorage
        let resolver: DNSResolver
        let identify: IdentifyService
        let frontDoor: NodeFrontDoor
        let web: WebServers
        let relayClient: NodeRelayClient
        let star: NodeStar?
        let delegate: NodeDelegate?
        let relay: NodeRelay?
        let pubsub: PubSub?
        let rendezvous: RendezvousService?
    }

    private var configuration: NodeConfiguration
    private let telemetry: Telemetry
    private let logger: Logger
    private let group: MultiThreadedEventLoopGroup
    private let loops: LoopGroup
    private var storage: NodeStorage?
    private var resolver: DNSResolver?
    private var host: Host?
    private var frontDoor: NodeFrontDoor?
    private var web: WebServers?
    private var tables: [KademliaDHT] = []
    private var relayClient: NodeRelayClient?
    private var star: NodeStar?
    private var delegate: NodeDelegate?
    private var relay: NodeRelay?
    private var pubsub: PubSub?
    private var rendezvous: RendezvousService?

    init(_ configuration: NodeConfiguration, telemetry: Telemetry, logger: Logger) {
        self.configuration = configuration
        self.telemetry = telemetry
        self.logger = logger
        group = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
        loops = LoopGroup(group, bufferLimit: configuration.limits.streamBuffers.orZero)
    }

    /// Builds and starts all parts.
    mutating func run() async throws -> Node {
        lowerCaps()
        let storage = try NodeStorage(
            folder: configuration.dataFolder, on: loops.executors[0],
            pendingLimit: configuration.limits.pendingChanges.orMax, logger: logger.part("storage"))
        self.storage = storage
        let identity = try NodeIdentity.readOrMake(
            configuration.identityFile ?? configuration.dataFolder + "/identity.key")
        let resolver = try makeResolver()
        self.resolver = resolver
        let host = try makeHost(identity, resolver)
        self.host = host
        try await storage.keep(host.knownPeers)
        let identify = IdentifyService(network: host, agentVersion: Version.agent, protocolVersion: Version.network)
        identify.start()
        serveBasics(host)
        let relayClient = NodeRelayClient(configuration.relay, host: host, logger: logger.part("relay"))
        self.relayClient = relayClient
        if hasStar { star = NodeStar(configuration, loops: loops, logger: logger.part("star")) }
        let certificates = try NodeCertificates(
            configuration, identity: identity, host: host, makeResolver: { try makeResolver(remembersAnswers: false) },
            group: group, loops: loops, logger: logger.part("certificates"))
        let frontDoor = NodeFrontDoor(
            configuration, group: group, loops: loops, host: host, star: star, certificates: certificates,
            logger: logger.part("http"))
        self.frontDoor = frontDoor
        let web = WebServers(
            configuration, group: group, loops: loops, host: host, star: star, frontDoor: frontDoor,
            telemetry: telemetry, logger: logger)
        self.web = web
        // Health first: whoever watches sees a node that starts.
        try await web.startAdmin()
        host.add(TCPTransport(sharing: frontDoor.sharing))
        try await listen(host, frontDoor)
        try await frontDoor.start()
        await star?.start()
        try await startTables(host, storage)
        try await startDelegate(host, frontDoor, identity, resolver)
        startRelay(host, web, relayClient.version1)
        try await startRendezvous(host, storage)
        try await startPubSub(host)
        await relayClient.start()
        telemetry.health.advance(to: .ready)
        return Node(
            Parts(
                configuration: configuration, host: host, tables: tables, telemetry: telemetry, logger: logger,
                loops: loops, group: group, storage: storage, resolver: resolver, identify: identify,
                frontDoor: frontDoor, web: web,
                relayClient: relayClient, star: star, delegate: delegate, relay: relay, pubsub: pubsub,
                rendezvous: rendezvous))
    }

    /// Ends what was started.
    func undo() async {
        await relayClient?.stop()
        await star?.stop()
        await delegate?.stop()
        relay?.stop()
        rendezvous?.stop()
        await pubsub?.stop()
        for table in tables { await table.stop() }
        await frontDoor?.stop(within: .zero)
        await web?.stopAdmin()
        await host?.close()
        await storage?.close()
        await resolver?.shutdown()
        try? await group.shutdownGracefully()
    }

    /// Lowers the caps to what the system's limit of open files allows.
    private mutating func lowerCaps() {
        let available = max(1, OpenFiles.raiseLimit() - OpenFiles.reserve)
        var caps: [WritableKeyPath<NodeConfiguration, NodeLimit>] = [\.limits.connections, \.limits.httpConnections]
        if hasStar { caps.append(\.star.peers) }
        let wishes = caps.map { configuration[keyPath: $0].orMax }
        let shares = OpenFileShares.divide(available, wishes: wishes)
        guard shares != wishes else { return }
        for (cap, share) in zip(caps, shares) { configuration[keyPath: cap].value = share }
        logger.warning(
            "caps on connections are lowered to what the system's limit of open files allows",
            metadata: [
                "openFiles": "\(available + OpenFiles.reserve)",
                "connections": "\(configuration.limits.connections.orZero)",
                "httpConnections": "\(configuration.limits.httpConnections.orZero)",
                "starPeers": "\(hasStar ? configuration.star.peers.orZero : 0)",
            ])
    }

    private var hasFrontDoor: Bool {
        configuration.sharesPort || configuration.http != nil || configuration.tls.door != nil
    }

    private var hasStar: Bool { hasFrontDoor && !configuration.disabledServices.contains(.star) }

    private func makeResolver(remembersAnswers: Bool = true) throws -> DNSResolver {
        var server: DNSServer?
        if let address = configuration.dnsServer {
            do {
                server = try DNSServer(address.description)
            } catch {
                throw NodeError(
                    .configuration, "The DNS server \(address) must be an IP address and a port", cause: error)
            }
        }
        var settings = DNSResolver.Configuration(server: server)
        if !remembersAnswers { settings.cacheCapacity = 0 }
        return try DNSResolver(settings)
    }

    private func makeHost(_ identity: PrivateKey, _ resolver: DNSResolver) throws -> Host {
        var settings = HostConfiguration()
        settings.announcedAddresses = configuration.announce.map { $0.withoutPeerID ?? $0 }
        settings.allowsPrivateAddresses = configuration.allowPrivateAddresses
        configuration.limits.apply(to: &settings, sparesPrivateAddresses: configuration.allowPrivateAddresses)
        settings.access = configuration.access
        settings.resolver = resolver
        if let path = configuration.privateNetworkKeyFile {
            let key = try PrivateNetworkKey.read(path)
            settings.privateNetwork = { channel in
                try channel.pipeline.syncOperations.addHandler(PrivateNetworkHandler(key: key))
            }
        } else if PrivateNetworkKey.isForced {
            throw NodeError(
                .configuration, "LIBP2P_FORCE_PNET is set, and there is no --psk: the node would join a public network")
        }
        return Host(
            identity: identity, loops: loops, transports: [WebSocketTransport()],
            securities: [try Noise(identity: identity), try TLS(identity: identity)],
            muxers: configuration.limits.muxers,
            configuration: settings, logger: logger.part("host"))
    }

    /// Listens on all addresses. Of the defaults, those of a family that the machine does not have are left out.
    private func listen(_ host: Host, _ frontDoor: NodeFrontDoor) async throws {
        let isDefault = configuration.listen == Settings.listen.defaultValue
        for address in configuration.listen {
            do {
                let listener = try await host.listen(on: address)
                if configuration.sharesPort, !listener.address.contains(.ws) { frontDoor.share(listener.address) }
            } catch  where isDefault && address.ipAddress?.bitWidth == 128 && !host.listenAddresses.isEmpty && !hasIPv6
            {
                logger.notice("the machine has no IPv6", metadata: ["notListening": "\(address)"])
            }
        }
    }

    private var hasIPv6: Bool {
        let devices = (try? System.enumerateDevices()) ?? []
        return devices.contains { $0.address?.protocol == .inet6 }
    }

    private func serveBasics(_ host: Host) {
        host.serve(PingService())
        guard !configuration.disabledServices.contains(.autonat) else { return }
        host.serve(AutoNATv1Service(network: host))
        host.serve(AutoNATv2Service(network: host))
    }

    /// Starts one DHT for each protocol id; as clients only when the bootstrap service is switched off.
    private mutating func startTables(_ host: Host, _ storage: NodeStorage) async throws {
        let bootstrap = try configuration.bootstrapAddresses
        let isServer = !configuration.disabledServices.contains(.bootstrap)
        for protocolID in configuration.dhtProtocols.map(ProtocolID.init(_:)) {
            var settings = KademliaConfiguration(
                protocolID: protocolID, mode: isServer ? .server : .client, bootstrap: bootstrap)
            settings.openNamespaces = configuration.dhtNamespaces
            configuration.limits.dht.apply(
                to: &settings, sparesPrivateAddresses: configuration.allowPrivateAddresses)
            let table = KademliaDHT(
                settings, network: host, journal: storage.journal(for: protocolID), logger: logger.part("dht"))
            tables.append(table)
            try await table.start()
        }
    }

    private mutating func startDelegate(
        _ host: Host, _ frontDoor: NodeFrontDoor, _ identity: PrivateKey, _ resolver: any NameResolver
    ) async throws {
        guard hasFrontDoor, !configuration.disabledServices.contains(.delegate) else { return }
        let delegate = try NodeDelegate(
            configuration, host: host, tables: tables, group: group, loops: loops, identity: identity,
            hosts: OwnHosts(configuration, host: host, certificates: frontDoor.certificates?.store),
            resolver: resolver, logger: logger.part("delegate"))
        self.delegate = delegate
        await delegate.start()
        frontDoor.show(delegate)
    }

    private mutating func startRelay(_ host: Host, _ web: WebServers, _ version1: Version1Service) {
        guard !configuration.disabledServices.contains(.relay) else { return }
        let relay = NodeRelay(
            configuration.relay, network: host, version1: version1, tables: tables, logger: logger.part("relay"))
        self.relay = relay
        web.show(relay.server)
        relay.start()
    }

    private mutating func startRendezvous(_ host: Host, _ storage: NodeStorage) async throws {
        guard !configuration.disabledServices.contains(.rendezvous) else { return }
        let rendezvous = RendezvousService(
            network: host, limits: configuration.limits.rendezvous, journal: storage.registrations)
        self.rendezvous = rendezvous
        try await rendezvous.start()
    }

    private mutating func startPubSub(_ host: Host) async throws {
        guard !configuration.disabledServices.contains(.pubsub) else { return }
        var settings = GossipConfiguration.hub
        settings.score.colocationSpared = configuration.access.allowedNetworks + configuration.proxies
        settings.limits.peers = configuration.maxPubSubPeers == 0 ? .max : configuration.maxPubSubPeers
        let pubsub = PubSub(settings, network: host, logger: logger.part("pubsub"))
        self.pubsub = pubsub
        await pubsub.start()
        try await pubsub.serveDiscovery(
            topics: configuration.pubsubTopics, announces: configuration.announcesInTopics)
    }

    /// Tells the command line how a failed start is to be seen.
    static func nodeError(_ error: any Error) -> NodeError {
        switch error {
        case let error as NodeError: error
        case let error as StorageError where error.code == .tooNew:
            NodeError(.configuration, "The data folder is a newer version's", cause: error)
        case let error as StorageError where error.code == .failed:
            NodeError(.internalFailure, "The database fails", cause: error)
        case let error as StorageError: NodeError(.unavailable, "The data folder cannot be used", cause: error)
        case let error as CertificateError:
            NodeError(.configuration, "The front door cannot speak TLS", cause: error)
        case let error as HTTPServingError: NodeError(.unavailable, "A web server cannot start", cause: error)
        case let error as NetworkError where error.code == .unsupportedAddress:
            NodeError(.configuration, "An address cannot be listened on", cause: error)
        case let error as NetworkError: NodeError(.unavailable, "The node cannot listen", cause: error)
        default: NodeError(.internalFailure, "The node cannot start", cause: error)
        }
    }
}

extension Logger {
    /// The logger of a part of the node: the same one, with the part's name.
    func part(_ name: String) -> Logger {
        var logger = self
        logger[metadataKey: "part"] = "\(name)"
        return logger
    }
}
