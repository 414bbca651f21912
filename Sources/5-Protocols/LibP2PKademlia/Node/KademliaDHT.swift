import DequeModule
public import LibP2PCore
import LibP2PIdentity
public import Logging
import Multiformats
import NIOCore

/// One distributed hash table: its routing table, its records, its server and its lookups.
///
/// A node runs one for each protocol id. The actor lives on the network's home loop and owns the routing table; the
/// server side, ``KademliaServer``, answers on each connection's own loop from what the actor publishes. This room
/// knows no transports and no host, only the `Network` contract.
public actor KademliaDHT {
    /// The settings it was made with.
    public nonisolated let configuration: KademliaConfiguration
    /// The loop it lives on.
    public nonisolated let executor: LoopExecutor
    /// The records it holds for the network.
    public nonisolated var records: KademliaRecords { responder.records }
    /// Counters of its server side and its checks.
    public nonisolated var statistics: KademliaStatistics { responder.statistics }
    /// The routing table as last published.
    public nonisolated var table: RoutingSnapshot { responder.table.latest }

    /// See `Actor`.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    nonisolated let network: any Network
    nonisolated let ownID: PeerID
    nonisolated let responder: KademliaResponder
    nonisolated let client: KademliaClient
    nonisolated let policy: AddressPolicy
    let journal: (any RecordJournal)?
    let logger: Logger

    /// Whether it serves or only asks.
    public internal(set) var mode: KademliaConfiguration.Mode
    var routing: RoutingTable
    /// The peers of the table as they are told to others. Their addresses outlive the peer store's.
    var members: [PeerID: RoutingSnapshot.Peer] = [:]
    /// The table, sorted; see ``snapshot()``.
    var sortedTable = RoutingSnapshot.empty
    var isTableSorted = true
    /// Peers with a request of a lookup under way, and how many: their answer will tell that they live.
    var asking: [PeerID: Int] = [:]
    /// The nearest peers, whose connections are kept from being trimmed.
    var protected: Set<PeerID> = []
    var checking: Set<PeerID> = [] { didSet { statistics.noteChecks(underWay: checking.count) } }
    var waitingForCheck: Deque<PeerID> = [] { didSet { statistics.noteChecks(waiting: waitingForCheck.count) } }
    var isPublishing = false
    var lastPublished = NIODeadline.distantPast
    var isRunning = false
    var isLookingAround = false
    var mustLookAgain = false
    /// What this node tells the network of its own accord.
    var announcements = AnnouncementBook() { didSet { statistics.note(announcements) } }
    /// What it provided before the start, and when it told so last.
    var earlier: [Announcement.Reference: Timestamp?] = [:]
    var isAnnouncing = false
    var mustAnnounceMore = false
    /// Runs while it is waited for more to be announced.
    var gathering: Scheduled<Void>?
    var timers: [Chore: Scheduled<Void>] = [:]

    /// Makes a DHT. Nothing happens before ``start()``.
    ///
    /// - Parameter journal: where records and peers survive a restart, if anywhere.
    public init(
        _ configuration: KademliaConfiguration, network: any Network, journal: (any RecordJournal)? = nil,
        logger: Logger = Logger(label: "waystation.kademlia")
    ) {
        self.configuration = configuration
        self.network = network
        ownID = network.localPeer
        self.journal = journal
        self.logger = logger
        executor = network.home
        mode = configuration.mode
        policy = AddressPolicy(
            allowsPrivate: network.allowsPrivateAddresses, countsPrivate: configuration.routing.countsPrivateGroups)
        responder = KademliaResponder(
            network: network,
            records: KademliaRecords(
                providers: configuration.providers, values: configuration.values, journal: journal),
            namespaces: RecordNamespaces(open: configuration.openNamespaces), policy: policy)
        client = KademliaClient(
            network: network, protocolID: configuration.protocolID, timeout: configuration.requestTimeout)
        routing = RoutingTable(ownID: ownID, limits: configuration.routing)
    }

    /// Loads what was kept, serves the protocol and joins the network.
    ///
    /// It returns when the node serves; joining goes on behind it.
    ///
    /// - Throws: what the journal throws when it can't be read.
    public func start() async throws {
        guard !isRunning else { return }
        isRunning = true
        let kept = try await journal?.load() ?? JournalContents()
        restore(kept)
        network.addObserver(self)
        if mode == .server { serve() }
        for connection in network.connections { consider(connection) }
        for chore in Chore.allCases { schedule(chore) }
        executor.spawn { await self.join(through: kept.peers) }
    }

    private func restore(_ kept: JournalContents) {
        let now = network.clock.now
        var kept = kept
        // Versions before this kept no book of what they provided, only the records.
        for record in kept.providers where record.provider == ownID {
            earlier[.init(.provider, record.key)] = record.received
            journal?.remove(.init(key: record.key, provider: ownID))
        }
        kept.providers.removeAll { $0.provider == ownID }
        for announcement in kept.announcements {
            switch announcement.reference.kind {
            case .value: announcements.set(announcement)
            // Whether the content is still there is for others to say.
            case .provider: earlier.updateValue(announcement.told, forKey: announcement.reference)
            }
        }
        // However long this node was away, it is the one that keeps these values alive.
        for index in kept.values.indices where announcements.contains(.init(.value, kept.values[index].key)) {
            kept.values[index].received = now
        }
        records.restore(kept, now: now)
    }

    /// Stops serving, asking and keeping time. Records stay in the journal.
    public func stop() {
        guard isRunning else { return }
        isRunning = false
        network.stopServing([configuration.protocolID])
        for timer in timers.values { timer.cancel() }
        timers = [:]
        gathering?.cancel()
        gathering = nil
        waitingForCheck = []
        for peer in protected { network.unprotect(peer, tag: tag) }
        protected = []
    }

    /// Becomes a server or a client; advertised to connected peers by identify push.
    public func setMode(_ mode: KademliaConfiguration.Mode) {
        guard mode != self.mode else { return }
        self.mode = mode
        guard isRunning else { return }
        switch mode {
        case .server: serve()
        case .client: network.stopServing([configuration.protocolID])
        }
    }

    private func serve() {
        network.serve(KademliaServer(configuration, responder: responder, network: network))
    }

    /// What connections that it wants kept are marked with.
    nonisolated var tag: String { "kademlia \(configuration.protocolID)" }
}
