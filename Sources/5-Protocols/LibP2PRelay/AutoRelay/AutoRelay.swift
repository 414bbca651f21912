public import LibP2PCore
public import LibP2PIdentity
public import Logging
public import Multiformats
import NIOCore

/// Keeps this node reachable through relays: it holds places at a number of them, and looks for others when one is lost.
///
/// Relays are those that are given, or peers that tell by identify that they relay. The addresses through them become
/// the host's own, and identify tells connected peers.
public actor AutoRelay: NetworkObserver {
    /// What to keep.
    public struct Configuration: Sendable, Hashable {
        /// Relays to prefer, each with `/p2p/<relay>` at its end.
        public var relays: [Multiaddr]
        /// At how many relays to hold a place, as many as in go-libp2p.
        public var wanted = 2
        /// Whether peers that happen to relay are asked too.
        public var asksOthers = true
        /// How often to look whether all is well, besides when something happens.
        public var interval: Duration = .seconds(60)

        /// Declares what to keep.
        public init(relays: [Multiaddr] = []) { self.relays = relays }
    }

    /// How long a lost place may take to come back before another relay is looked for.
    static let grace = Duration.seconds(10)

    /// What it keeps.
    public nonisolated let configuration: Configuration
    /// The loop it lives on.
    public nonisolated let executor: LoopExecutor

    /// See `Actor`.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private nonisolated let network: any Network
    private nonisolated let transport: RelayTransport
    private let logger: Logger
    private var candidates: RelayCandidates
    /// Where it listens, and since when a place is missing there.
    private var used: [PeerID: (address: Multiaddr, lostAt: NIODeadline?)] = [:]
    private var timer: (time: NIODeadline, task: Scheduled<Void>)?
    private var isRunning = false
    private var isLooking = false
    /// Something happened while it looked.
    private var mustLookAgain = false

    /// Makes it; ``start()`` must follow.
    ///
    /// - Parameter transport: the host's, added to it already.
    public init(
        _ configuration: Configuration, network: any Network, transport: RelayTransport,
        logger: Logger = Logger(label: "relay")
    ) {
        self.configuration = configuration
        self.network = network
        self.transport = transport
        self.logger = logger
        executor = network.home
        candidates = RelayCandidates(
            given: configuration.relays.compactMap { try? $0.encapsulating(.p2pCircuit) })
    }

    /// Looks for relays from now on.
    public func start() {
        guard !isRunning else { return }
        isRunning = true
        network.addObserver(self)
        for peer in network.connections.map(\.remotePeer) {
            if let description = network.peerStore.description(of: peer) { consider(peer, description) }
        }
        look(after: .zero)
    }

    /// Gives all places up.
    public func stop() async {
        guard isRunning else { return }
        isRunning = false
        timer?.task.cancel()
        timer = nil
        let addresses = used.values.map(\.address)
        used = [:]
        for address in addresses { await network.stopListening(on: address) }
    }

    /// At how many relays a place is held now.
    public var held: Int { used.keys.count { transport.holdsReservation(at: $0) } }

    // MARK: What happens

    /// See `NetworkObserver`.
    public nonisolated func peerIdentified(
        _ peer: PeerID, _ description: PeerDescription, on connection: Connection
    ) {
        guard configuration.asksOthers, !connection.isRelayed, Self.version(description) != nil else { return }
        executor.spawn { await self.met(peer, description) }
    }

    /// See `NetworkObserver`.
    public nonisolated func connectionClosed(_ connection: Connection, _ error: NetworkError) {
        guard !connection.isRelayed else { return }
        let peer = connection.remotePeer
        executor.spawn { await self.left(peer) }
    }

    private func met(_ peer: PeerID, _ description: PeerDescription) {
        consider(peer, description)
        if used.count < configuration.wanted { look(after: .zero) }
    }

    private func left(_ peer: PeerID) {
        if used[peer] != nil { look(after: .zero) }
    }

    private static func version(_ description: PeerDescription) -> Int? {
        if description.protocols.contains(RelayProtocols.hop) { return 2 }
        return description.protocols.contains(RelayProtocols.version1) ? 1 : nil
    }

    private func consider(_ peer: PeerID, _ description: PeerDescription) {
        guard configuration.asksOthers, peer != network.localPeer, let version = Self.version(description) else {
            return
        }
        candidates.met(peer, version: version, now: executor.now)
    }

    // MARK: Looking

    /// Looks after a while, and no later than was planned already.
    private func look(after delay: Duration) {
        guard isRunning else { return }
        let time = executor.now + TimeAmount(delay)
        if let timer {
            guard time < timer.time else { return }
            timer.task.cancel()
        }
        let task = executor.loop.scheduleTask(deadline: time) { [weak self] in
            guard let self else { return }
            executor.spawn { await self.look() }
        }
        timer = (time, task)
    }

    private func look() async {
        timer = nil
        guard isRunning, !isLooking else {
            mustLookAgain = isLooking
            return
        }
        isLooking = true
        mustLookAgain = false
        await dropLost()
        while isRunning, used.count < configuration.wanted,
            let candidate = candidates.next(excluding: Set(used.keys), now: executor.now)
        {
            await tryCandidate(candidate)
        }
        isLooking = false
        let isWaiting = used.values.contains { $0.lostAt != nil }
        look(
            after: mustLookAgain ? .zero : isWaiting ? min(Self.grace, configuration.interval) : configuration.interval)
    }

    private func dropLost() async {
        let now = executor.now
        for (relay, use) in used.sorted(by: { $0.key.description < $1.key.description }) {
            if transport.holdsReservation(at: relay) {
                used[relay]?.lostAt = nil
            } else if let lostAt = use.lostAt {
                guard now - lostAt >= TimeAmount(Self.grace) else { continue }
                logger.notice("a relay is given up", metadata: ["relay": "\(relay)"])
                used[relay] = nil
                candidates.failed(relay, refused: false, now: now)
                await network.stopListening(on: use.address)
            } else {
                used[relay]?.lostAt = now
            }
        }
    }

    private func tryCandidate(_ candidate: RelayCandidates.Candidate) async {
        let relay = candidate.relay
        // Taken before it is there, so that its loss meanwhile is noted.
        used[relay] = (candidate.address, nil)
        do {
            try await network.listen(on: candidate.address)
            candidates.succeeded(relay)
            logger.notice("reachable through a relay", metadata: ["relay": "\(relay)"])
            if !isRunning { await network.stopListening(on: candidate.address) }
        } catch {
            used[relay] = nil
            let refused = (error as? RelayError)?.code == .refused
            candidates.failed(relay, refused: refused, now: executor.now)
            logger.info(
                "a relay gives no place",
                metadata: ["relay": "\(relay)", "refused": "\(refused)", "error": "\(error)"])
        }
    }
}
