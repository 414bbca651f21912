import Certificates
import LibP2PBasics
public import LibP2PCore
public import LibP2PHost
import LibP2PIdentity
public import LibP2PKademlia
import LibP2PMuxers
import LibP2PPubSub
import LibP2PSecurity
import LibP2PTransports
public import Logging
public import Multiformats
import NIOCore
import NIOPosix
import NodeStorage
import Synchronization
public import Telemetry

/// A node put together: a host with its transports, the protocols of the services that are switched on, storage, the
/// front door and the admin server.
///
/// ```swift
/// var configuration = NodeConfiguration(dataFolder: "/var/lib/waystation")
/// configuration.listen = [try Multiaddr("/ip4/0.0.0.0/tcp/4001")]
/// let node = try await Node.start(configuration)
/// print(node.host.localPeer, node.listenAddresses)
/// await node.stop()
/// ```
public final class Node: Sendable {
    /// What the node was started with, its caps lowered to what the system allows.
    public let configuration: NodeConfiguration
    /// The node's place in the network.
    public let host: Host
    /// One DHT for each protocol id, in the order of the configuration.
    public let tables: [KademliaDHT]
    /// Metrics and health.
    public let telemetry: Telemetry
    /// When the node was started.
    public let startedAt: Timestamp

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
    private let changed: Mutex<RelayConfiguration>

    /// How long the node takes to stop, at most.
    public static let drainTime = Duration.seconds(10)

    /// How long requests under way get to end by themselves then; what is left of ``drainTime`` is for writing what is
    /// to be kept.
    static let requestTime = Duration.seconds(8)

    /// Starts a node. It returns when everything accepts; joining the network goes on behind it.
    ///
    /// - Throws: ``NodeError``: `.unavailable` for a port or folder that cannot be used, `.configuration` for files that
    ///   do not hold what they should. Nothing is left behind then.
    public static func start(
        _ configuration: NodeConfiguration, telemetry: Telemetry = Telemetry(),
        logger: Logger = Logger(label: "waystation")
    ) async throws(NodeError) -> Node {
        var assembly = NodeAssembly(configuration, telemetry: telemetry, logger: logger)
        do {
            return try await assembly.run()
        } catch {
            await assembly.undo()
            throw NodeAssembly.nodeError(error)
        }
    }

    init(_ parts: NodeAssembly.Parts) {
        configuration = parts.configuration
        host = parts.host
        tables = parts.tables
        telemetry = parts.telemetry
        startedAt = parts.host.clock.now
        logger = parts.logger
        loops = parts.loops
        group = parts.group
        storage = parts.storage
        resolver = parts.resolver
        identify = parts.identify
        frontDoor = parts.frontDoor
        web = parts.web
        relayClient = parts.relayClient
        star = parts.star
        delegate = parts.delegate
        relay = parts.relay
        pubsub = parts.pubsub
        rendezvous = parts.rendezvous
        changed = Mutex(parts.configuration.relay)
        observe()
    }

    /// Where the node listens, with its peer id, as it prints it.
    public var listenAddresses: [Multiaddr] {
        host.listenAddresses.compactMap { try? $0.withPeerID(host.localPeer) }
    }

    /// What the relay gives away now: as at the start, or as ``reload(_:)`` said last.
    public var relayConfiguration: RelayConfiguration { changed.withLock { $0 } }

    /// Takes over what may change while the node runs: who may connect, for new connections, and the relay's limits and
    /// lists. The rest of `configuration` is for the next start.
    public func reload(_ configuration: NodeConfiguration) {
        changed.withLock { $0 = configuration.relay }
        relay?.apply(configuration.relay)
        host.access = configuration.access
        frontDoor.certificates?.reloader?.reload()
        logger.notice(
            "who may connect, certificates and the relay's limits and lists were read again; the rest holds from the next start"
        )
    }

    /// Stops accepting, lets requests under way end, closes all connections and writes what is to be kept.
    public func stop() async {
        telemetry.health.advance(to: .draining)
        await relayClient.stop()
        relay?.stop()
        rendezvous?.stop()
        await pubsub?.stop()
        for table in tables { await table.stop() }
        await host.stopListening()
        await star?.stop()
        await frontDoor.stop(within: Self.requestTime)
        await delegate?.stop()
        await host.close()
        await storage.close()
        await web.stopAdmin()
        await resolver.shutdown()
        try? await group.shutdownGracefully()
    }
}
