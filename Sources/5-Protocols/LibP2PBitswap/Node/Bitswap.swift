public import LibP2PCore
public import LibP2PIdentity
public import Logging
import Multiformats
import NIOCore
import OrderedCollections
import Synchronization

/// Exchanges blocks with other peers: bitswap 1.0, 1.1 and 1.2.
///
/// It fetches blocks (``block(_:from:within:)``), verifies and keeps them, and serves what its ``BlockStore`` holds. The
/// actor lives on the network's home loop. One stream goes to each peer with which something is under way; what peers
/// send is read on streams of theirs. Limited connections, such as those through a relay, are left alone.
///
/// ```swift
/// let bitswap = Bitswap(network: host, store: MemoryBlockStore())
/// await bitswap.start()
/// let block = try await bitswap.block(cid, from: BlockSources(peers: [provider]))
/// ```
public actor Bitswap {
    /// The bounds it was made with.
    public nonisolated let configuration: BitswapConfiguration
    /// Where blocks are kept.
    public nonisolated let store: any BlockStore
    /// The loop it lives on.
    public nonisolated let executor: LoopExecutor

    /// See `Actor`.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    nonisolated let network: any Network
    nonisolated let published = Mutex(BitswapStatistics())
    let logger: Logger
    // In the order of their coming, so that a simulation repeats itself.
    var fetches: OrderedDictionary<Multihash, Fetch> = [:]
    var partners: OrderedDictionary<PeerID, Partner> = [:]
    /// Hashes that were waited for lately: a late block of one of them is no offence.
    var recent = RecentHashes(limit: 1024)
    /// Peers whose answers wait for a place.
    var waitingAnswers: [PeerID] = []
    var answersUnderWay = 0
    var nextLane: UInt64 = 0
    var nextTicket: UInt64 = 0
    var statistics = BitswapStatistics()
    private(set) var isRunning = false
    private var timer: Scheduled<Void>?

    /// Makes the service. Nothing happens before ``start()``.
    public init(
        _ configuration: BitswapConfiguration = BitswapConfiguration(), network: any Network, store: any BlockStore,
        logger: Logger = Logger(label: "waystation.bitswap")
    ) {
        self.configuration = configuration
        self.network = network
        self.store = store
        self.logger = logger
        executor = network.home
    }

    /// Serves the protocol from now on.
    public func start() {
        guard !isRunning else { return }
        isRunning = true
        network.addObserver(self)
        network.serve(BitswapHandler(service: self))
    }

    /// Stops serving. Whoever waits for a block gets ``BitswapError/Code/stopped``.
    public func stop() {
        guard isRunning else { return }
        isRunning = false
        network.stopServing(BitswapVersion.preferred.map(\.id))
        timer?.cancel()
        timer = nil
        for hash in Array(fetches.keys) { fail(hash, BitswapError(.stopped, "the node is shutting down")) }
        for partner in partners.values { partner.lane?.close() }
        partners = [:]
        waitingAnswers = []
        publish()
    }

    /// What it has done and holds. Safe to ask from anywhere.
    public nonisolated var statisticsNow: BitswapStatistics { published.withLock { $0 } }

    func publish() {
        statistics.fetches = fetches.count
        statistics.partners = partners.count
        let statistics = statistics
        published.withLock { $0 = statistics }
    }

    // MARK: Time

    /// How often it is looked after patience and idleness.
    private static let tick = Duration.seconds(1)

    /// Sees to it that time passes while something is under way.
    func keepTime() {
        guard timer == nil, isRunning, !fetches.isEmpty || !partners.isEmpty else { return }
        timer = executor.schedule(after: Self.tick) { [weak self] in
            self?.assumeIsolated { $0.timePassed() }
        }
    }

    private func timePassed() {
        timer = nil
        for hash in Array(fetches.keys) { advance(hash) }
        closeIdleLanes()
        publish()
        keepTime()
    }
}

extension Bitswap: NetworkObserver {
    /// See `NetworkObserver`.
    public nonisolated func peerIdentified(
        _ peer: PeerID, _ description: PeerDescription, on connection: Connection
    ) {
        guard !connection.isLimited, let version = BitswapVersion(bestOf: description.protocols) else { return }
        executor.spawn { await self.peerArrived(peer, version) }
    }

    /// See `NetworkObserver`.
    public nonisolated func connectionClosed(_ connection: Connection, _ error: NetworkError) {
        let peer = connection.remotePeer
        executor.spawn { await self.connectionEnded(peer) }
    }
}
