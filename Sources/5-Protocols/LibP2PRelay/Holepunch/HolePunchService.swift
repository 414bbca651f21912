public import LibP2PCore
public import LibP2PIdentity
public import Logging
import Multiformats
import NIOCore
import Synchronization
import Wire

/// Finds a direct connection for a relayed one: direct connection upgrade through relay (DCUtR).
///
/// When a peer came in through a relay and has told by identify that it speaks the protocol, this node first dials the
/// addresses that the peer listens on; if none answers both tell each other their addresses and dial at the same moment,
/// up to three times. Streams prefer the direct connection as soon as it is there; the relayed one is ended after a minute,
/// or when the last stream on it has ended.
///
/// What it does not do: dial from the port that the node listens on. A NAT that gives each outbound connection a port of
/// its own shows the other side a port behind which nobody listens, so two ends that both sit behind such NATs do not
/// meet by TCP. It helps where at least one end can be reached at an address it knows: behind a forwarded port, or a NAT
/// that keeps ports and lets through whom it has heard of.
///
/// Spec: libp2p/specs relay/DCUtR.md.
public final class HolePunchService: NetworkObserver {
    /// The protocol's id.
    public static let protocolID: ProtocolID = "/libp2p/dcutr"

    /// What came of the work for one peer.
    public struct Outcome: Sendable, Hashable {
        /// How a direct connection was found.
        public enum Result: String, Sendable, Hashable, CaseIterable {
            /// The peer could be dialled at the addresses it tells everybody.
            case reachable
            /// Both dialled at the same moment.
            case punched
            /// There is none.
            case failed
        }

        /// Who is at the other end.
        public let peer: PeerID
        /// What came of it.
        public let result: Result
        /// How often both dialled at the same moment.
        public let attempts: Int
    }

    /// How long each dial may take, as in go-libp2p.
    static let dialTimeout = Duration.seconds(5)
    /// How long the exchange before it may take, as in go-libp2p.
    static let exchangeTimeout = Duration.seconds(60)
    /// Peers that are worked for at a time; for others the relayed connection has to do.
    static let maxPeers = 64
    /// How long a relayed connection stays beside a direct one, at least.
    static let relayGrace = Duration.seconds(60)

    let network: any Network
    private let logger: Logger
    private let onOutcome: (@Sendable (Outcome) -> Void)?
    private let active = Mutex<Set<PeerID>>([])
    private let results = Mutex<[Outcome.Result: UInt64]>([:])
    private let arrivals = DirectArrivals()

    /// Makes the service; ``start()`` must follow.
    ///
    /// - Parameter onOutcome: is told what came of each peer, on any loop.
    public init(
        network: any Network, logger: Logger = Logger(label: "relay"),
        onOutcome: (@Sendable (Outcome) -> Void)? = nil
    ) {
        self.network = network
        self.logger = logger
        self.onOutcome = onOutcome
    }

    /// Serves the protocol, and looks for direct connections from now on. The network holds the service weakly as an
    /// observer; keep it.
    public func start() {
        network.serve(HolePunchHandler(service: self))
        network.addObserver(self)
    }

    /// Ends what ``start()`` began; what is under way goes on.
    public func stop() { network.stopServing([Self.protocolID]) }

    /// For how many relayed connections the work ended so.
    public func count(of result: Outcome.Result) -> UInt64 { results.withLock { $0[result, default: 0] } }

    /// See `NetworkObserver`.
    public func peerIdentified(_ peer: PeerID, _ description: PeerDescription, on connection: Connection) {
        guard connection.isRelayed, connection.isInbound, description.protocols.contains(Self.protocolID),
            network.protocols.contains(Self.protocolID), !isDirect(peer), begin(peer)
        else { return }
        connection.executor.spawn {
            let outcome = await self.upgrade(connection, description)
            _ = self.active.withLock { $0.remove(peer) }
            self.results.withLock { $0[outcome.result, default: 0] += 1 }
            self.logger.info(
                "looked for a direct connection",
                metadata: [
                    "peer": "\(peer)", "result": "\(outcome.result.rawValue)", "attempts": "\(outcome.attempts)",
                ])
            self.onOutcome?(outcome)
            if outcome.result != .failed { await self.retire(connection) }
        }
    }

    /// Ends a relayed connection that a direct one has replaced: the relay has better uses for its places. Streams that
    /// are on it are waited for.
    private func retire(_ connection: Connection) async {
        while await !connection.isClosed {
            do { try await connection.executor.sleep(for: Self.relayGrace) } catch { return }
            guard isDirect(connection.remotePeer), await connection.streamCount == 0 else { continue }
            return await connection.close()
        }
    }

    private func begin(_ peer: PeerID) -> Bool {
        active.withLock { $0.count < Self.maxPeers && $0.insert(peer).inserted }
    }

    private func isDirect(_ peer: PeerID) -> Bool {
        network.connections(to: peer).contains { !$0.isRelayed }
    }

    /// An exchange about to begin, with this node's direct addresses.
    func exchange(isInitiator: Bool, now: NIODeadline) -> HolePunchExchange {
        HolePunchExchange(
            own: network.addresses, allowsPrivate: network.allowsPrivateAddresses, isInitiator: isInitiator, now: now)
    }

    // MARK: The side that begins

    private func upgrade(_ connection: Connection, _ description: PeerDescription) async -> Outcome {
        let peer = connection.remotePeer
        let known = HolePunchExchange.usable(description.addresses, allowsPrivate: network.allowsPrivateAddresses)
        if await dial(peer, at: known, expectsCall: false) {
            return Outcome(peer: peer, result: .reachable, attempts: 0)
        }
        // A stream for each round: go-libp2p, rust-libp2p and py-libp2p answer one round on a stream.
        for attempt in 1...HolePunchExchange.maxRounds {
            do {
                let (addresses, delay) = try await agree(on: connection)
                try await connection.executor.sleep(for: delay)
                if await dial(peer, at: addresses, expectsCall: true) {
                    return Outcome(peer: peer, result: .punched, attempts: attempt)
                }
            } catch {
                // The relayed connection is gone, or the peer doesn't want to.
                logger.debug("hole punching stopped", metadata: ["peer": "\(peer)", "error": "\(error)"])
                return Outcome(peer: peer, result: isDirect(peer) ? .punched : .failed, attempts: attempt)
            }
        }
        return Outcome(peer: peer, result: .failed, attempts: HolePunchExchange.maxRounds)
    }

    /// Agrees with the other end on when to dial.
    ///
    /// - Returns: where to dial, and after what time.
    private func agree(on connection: Connection) async throws -> ([Multiaddr], Duration) {
        try await connection.withStream(
            [Self.protocolID], timeout: Self.exchangeTimeout, allowsLimited: true
        ) { stream in
            let executor = connection.executor
            var exchange = self.exchange(isInitiator: true, now: executor.now)
            try await stream.write(message: exchange.connect)
            guard let answer = try await stream.message(HolePunchMessage.self, max: HolePunchMessage.maxLength) else {
                throw NetworkError(.closed, "The peer closed the stream instead of answering.")
            }
            guard case .dial(let addresses, let delay, let sync?) = try exchange.received(answer, now: executor.now)
            else { throw NetworkError(.malformed, "The peer answered out of turn.") }
            try await stream.write(message: sync)
            return (addresses, delay)
        }
    }

    // MARK: Dialling

    /// See `NetworkObserver`.
    public func connectionOpened(_ connection: Connection) {
        if !connection.isRelayed { arrivals.arrived(connection.remotePeer) }
    }

    /// Dials all addresses at once, until there is a direct connection, or for ``dialTimeout``.
    ///
    /// - Parameter expectsCall: whether the other end dials too, so that it is waited for when all dials have failed.
    /// - Returns: whether there is a direct connection.
    func dial(_ peer: PeerID, at addresses: [Multiaddr], expectsCall: Bool) async -> Bool {
        guard !isDirect(peer), expectsCall || !addresses.isEmpty else { return isDirect(peer) }
        await withTaskGroup(of: Bool.self) { group in
            for address in addresses {
                group.addTask {
                    _ = try? await self.network.dial(address, expecting: peer)
                    return false
                }
            }
            group.addTask {
                await self.arrivals.wait(for: peer, within: Self.dialTimeout, on: self.network.home) {
                    self.isDirect(peer)
                }
                return true
            }
            var dialled = 0
            while let isOver = await group.next(), !isOver {
                dialled += 1
                if dialled == addresses.count, !expectsCall { break }
            }
            group.cancelAll()
        }
        return isDirect(peer)
    }
}

/// Answers the side that begins.
private struct HolePunchHandler: StreamHandler {
    let service: HolePunchService
    let protocols = [HolePunchService.protocolID]
    let limits = StreamLimits(
        perConnection: 2, total: HolePunchService.maxPeers, idle: .seconds(30), lifetime: .seconds(60),
        allowsLimitedConnections: true)

    func handle(_ stream: Stream) async throws {
        let connection = stream.connection
        // Whoever came through a relay begins nothing: that is for the side it came to.
        guard connection.isRelayed, !connection.isInbound else {
            throw NetworkError(.refused, "Hole punching begins on the accepting side of a relayed connection.")
        }
        var exchange = service.exchange(isInitiator: false, now: connection.executor.now)
        while let message = try await stream.message(HolePunchMessage.self, max: HolePunchMessage.maxLength) {
            switch try exchange.received(message, now: connection.executor.now) {
            case .send(let answer): try await stream.write(message: answer)
            case .dial(let addresses, _, _):
                // When it fails the other side may begin again.
                if await service.dial(stream.remotePeer, at: addresses, expectsCall: true) { return }
            }
        }
    }
}
