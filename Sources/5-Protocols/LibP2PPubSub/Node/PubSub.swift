public import LibP2PCore
public import LibP2PIdentity
public import Logging
import Multiformats
import NIOCore
import Synchronization

/// Publish and subscribe: gossipsub 1.0 to 1.2, with floodsub for those who speak nothing else.
///
/// The actor lives on the network's home loop and owns the ``GossipRouter``. Peers' streams are read on their
/// connections' loops (``PubSubHandler``), and written there (``PeerOutlet``). Connections that are limited, such as those
/// through a relay, get no stream.
///
/// ```swift
/// let pubsub = PubSub(network: host)
/// await pubsub.start()
/// let messages = try await pubsub.subscribe(to: "news")
/// try await pubsub.publish(Array("hello".utf8), to: "news")
/// for await message in messages { print(message.author, message.data) }
/// ```
public actor PubSub {
    /// The parameters it was made with.
    public nonisolated let configuration: GossipConfiguration
    /// The loop it lives on.
    public nonisolated let executor: LoopExecutor

    /// See `Actor`.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// A peer with a stream in at least one direction.
    struct Member {
        let kind: PubSubProtocol
        var outlet: PeerOutlet?
        /// The streams that it opened, by a number of this node's.
        var inlets: [UInt64: PeerInlet] = [:]
        /// How often its outlet ended while it stayed.
        var failures = 0
    }

    /// A local subscriber of a topic.
    struct Listener {
        let id: UInt64
        let continuation: AsyncStream<PubSubMessage>.Continuation
    }

    nonisolated let network: any Network
    nonisolated let published = Mutex(PubSubStatistics())
    let logger: Logger
    var router: GossipRouter
    var members: [PeerID: Member] = [:]
    var listeners: [String: [Listener]] = [:]
    /// How many times each topic was joined.
    var joins: [String: Int] = [:]
    var validators: [String: @Sendable (PubSubMessage) -> PubSubVerdict] = [:]
    var lastSequence: UInt64 = 0
    var nextListener: UInt64 = 0
    var nextInlet: UInt64 = 0
    var exchangesUnderWay = 0
    var isRunning = false
    var heartbeatTimer: Scheduled<Void>?
    var announcementTimer: Scheduled<Void>?

    /// Makes the service. Nothing happens before ``start()``.
    public init(
        _ configuration: GossipConfiguration = GossipConfiguration(), network: any Network,
        logger: Logger = Logger(label: "waystation.pubsub")
    ) {
        self.configuration = configuration
        self.network = network
        self.logger = logger
        executor = network.home
        router = GossipRouter(configuration, ownID: network.localPeer, random: network.random) {
            [weak network] peer in network?.peerStore.description(of: peer)?.signedPeerRecord
        }
    }

    /// Serves the protocols, and opens streams to the peers that speak one of them.
    public func start() {
        guard !isRunning else { return }
        isRunning = true
        network.addObserver(self)
        network.serve(PubSubHandler(service: self))
        for connection in network.connections {
            guard let description = network.peerStore.description(of: connection.remotePeer) else { continue }
            consider(connection, description)
        }
        scheduleHeartbeat()
    }

    /// Stops serving, and ends all streams and subscriptions.
    public func stop() {
        guard isRunning else { return }
        isRunning = false
        network.stopServing(PubSubProtocol.ids)
        heartbeatTimer?.cancel()
        announcementTimer?.cancel()
        let now = executor.now
        for (peer, member) in members {
            member.outlet?.close()
            for inlet in member.inlets.values { inlet.close() }
            router.remove(peer, at: now)
        }
        members = [:]
        let ended = listeners
        listeners = [:]
        for (topic, all) in ended {
            for listener in all {
                listener.continuation.finish()
                leave(topic)
            }
        }
        _ = router.takeActions()
    }

    /// What it has done and holds, as of the last heartbeat. Safe to ask from anywhere.
    public nonisolated var statistics: PubSubStatistics { published.withLock { $0 } }

    /// The peers that are here and subscribed to a topic, in the order in which they came.
    public func subscribers(of topic: String) -> [PeerID] { router.ordered(router.subscribers(of: topic)) }

    /// The peers in the mesh of a topic.
    public func mesh(of topic: String) -> [PeerID] { router.ordered(router.topics[topic]?.mesh ?? []) }

    /// How a peer is judged; 0 for one that is not known.
    public func score(of peer: PeerID) -> Double { router.score(peer, at: executor.now) }

    // MARK: Upkeep

    private func scheduleHeartbeat() {
        heartbeatTimer = executor.schedule(after: configuration.heartbeat) { [weak self] in
            self?.assumeIsolated { $0.heartbeat() }
        }
    }

    private func heartbeat() {
        guard isRunning else { return }
        let now = executor.now
        for (peer, member) in members where member.outlet?.isStalled(at: now) == true {
            logger.debug("a peer takes nothing any more", metadata: ["peer": "\(peer)"])
            member.outlet?.close()
        }
        router.heartbeat(at: now)
        act()
        let statistics = router.statistics
        published.withLock { $0 = statistics }
        scheduleHeartbeat()
    }

    // MARK: Actions

    /// Does what the router wants.
    func act() {
        for action in router.takeActions() {
            switch action {
            case .send(let frame, let peers, let isUrgent):
                for peer in peers { send(frame, to: peer, isUrgent: isUrgent) }
            case .deliver(let message): deliver(message)
            case .connect(let peer, let record): connect(to: peer, record)
            }
        }
    }

    private func send(_ frame: ByteBuffer, to peer: PeerID, isUrgent: Bool) {
        guard let outlet = members[peer]?.outlet else { return }
        switch outlet.send(frame, isUrgent: isUrgent) {
        case .queued: break
        case .dropped: router.statistics.droppedRPCs += 1
        case .failed: outlet.close()
        }
    }

    func deliver(_ message: PubSubMessage) {
        for listener in listeners[message.topic] ?? [] {
            if case .dropped = listener.continuation.yield(message) { router.statistics.droppedDeliveries += 1 }
        }
    }

    /// Peers that were named by others and are being connected to, at a time.
    private static let exchangesAtATime = 8

    private func connect(to peer: PeerID, _ record: [UInt8]?) {
        guard exchangesUnderWay < Self.exchangesAtATime, network.connections(to: peer).isEmpty else { return }
        var addresses: [Multiaddr] = []
        if let record {
            guard let opened = try? PeerRecord(opening: record), opened.peerID == peer else { return }
            addresses = opened.addresses
        }
        exchangesUnderWay += 1
        let network = network
        let named = addresses
        executor.spawn {
            // Whoever is there introduces itself; a peer that is not is no loss.
            _ = try? await network.connect(to: peer, at: named)
            await self.exchangeEnded()
        }
    }

    private func exchangeEnded() { exchangesUnderWay -= 1 }
}
