public import LibP2PCore
import LibP2PIdentity
public import Logging
import Multiformats
import NIOCore
import Synchronization

/// Connects peers that cannot reach each other: circuit relay versions 1 and 2, the relay's side.
///
/// Peers that cannot be dialled stay connected to this node, in version 2 with a reservation; others ask it for a circuit
/// to them. The server decides and keeps the books; a ``Splice`` moves the bytes. It never dials anybody.
///
/// Specs: libp2p/specs relay/circuit-v1.md and relay/circuit-v2.md.
public final class RelayServer: NetworkObserver {
    /// What happened so far.
    public let counters = RelayCounters()

    let network: any Network
    let version1: Version1Service
    let logger: Logger
    let state: Mutex<RelayState>

    /// The target has so long to answer, as in go-libp2p.
    static let handshakeLimit = Duration.seconds(60)
    /// Names the protection of connections that hold a reservation.
    static let reservationTag = "relay-reservation"
    /// Names the protection of connections that carry a circuit.
    static let circuitTag = "relay-circuit"
    /// So many refusals a second are logged, and ten times as many at once.
    private static let loggedRefusalsPerSecond = 10

    /// Makes a server that does nothing before ``start()``.
    ///
    /// - Parameters:
    ///   - version1: serves the protocol that version 1 has for both of its sides; the client of the same node uses it too.
    ///   - accountCapacity: of how many peers the books are kept.
    public init(
        network: any Network, version1: Version1Service, limits: RelayLimits = RelayLimits(),
        access: RelayAccess = RelayAccess(), accountCapacity: Int = 4096, logger: Logger = Logger(label: "relay")
    ) {
        self.network = network
        self.version1 = version1
        self.logger = logger
        state = Mutex(
            RelayState(
                limits: limits, access: access, ledger: PeerLedger(capacity: accountCapacity),
                logAllowance: TokenBucket(
                    perSecond: Self.loggedRefusalsPerSecond, capacity: 10 * Self.loggedRefusalsPerSecond,
                    now: network.home.now)))
    }

    /// Serves both versions from now on. The protocols appear in identify.
    public func start() {
        let isFirst = state.withLock { state in
            defer { state.isRelaying = true }
            return !state.isRelaying
        }
        guard isFirst else { return }
        network.addObserver(self)
        network.serve(HopHandler(server: self))
        version1.setRelay(self)
    }

    /// Serves no further requests, and ends all reservations. Circuits live on to their bounds.
    public func stop() {
        let wasRelaying = state.withLock { state in
            defer { state.isRelaying = false }
            state.expiry?.timer.cancel()
            state.expiry = nil
            for (peer, _) in state.reservations.all { endReservation(of: peer, in: &state) }
            return state.isRelaying
        }
        guard wasRelaying else { return }
        network.stopServing([RelayProtocols.hop])
        version1.setRelay(nil)
    }

    /// Ends all circuits now.
    public func closeCircuits() {
        let splices = state.withLock { $0.live.values.map(\.splice) }
        for splice in splices { splice.end(.closed) }
    }

    // MARK: Control

    /// What the relay gives away. Changes hold for requests from now on.
    public var limits: RelayLimits {
        get { state.withLock { $0.limits } }
        set { state.withLock { $0.limits = newValue } }
    }

    /// Who may use the relay. Changes hold at once, also for reservations and circuits that exist.
    public var access: RelayAccess {
        get { state.withLock { $0.access } }
        set {
            let forbidden = state.withLock { state in
                state.access = newValue
                for (peer, _) in state.reservations.all where !newValue.allowsReservation(of: peer) {
                    endReservation(of: peer, in: &state)
                }
                return state.live.values.filter { !newValue.allowsCircuit(from: $0.source, to: $0.target) }
            }
            for circuit in forbidden { circuit.splice.end(.closed) }
        }
    }

    /// Whether requests are served now.
    public var isRelaying: Bool { state.withLock { $0.isRelaying } }

    /// Reservations that are held now.
    public var reservationCount: Int { state.withLock { $0.reservations.count } }

    /// Circuits that there are now, those included whose target has not answered yet.
    public var circuitCount: Int { state.withLock { $0.circuits.count } }

    // MARK: Refusals

    /// Notes that a request was refused, and why.
    func note(_ refusal: RelayRefusal, of peer: PeerID, version: Int, target: PeerID? = nil) {
        counters.count(refusal)
        let now = network.home.now
        let unlogged = state.withLock { state -> Int? in
            state.ledger.book(peer, now: now) { $0.refusals[refusal, default: 0] += 1 }
            guard state.logAllowance.available(now: now) > 0 else {
                state.unloggedRefusals += 1
                return nil
            }
            state.logAllowance.take(1)
            defer { state.unloggedRefusals = 0 }
            return state.unloggedRefusals
        }
        guard let unlogged else { return }
        var metadata: Logger.Metadata = [
            "peer": "\(peer)", "reason": "\(refusal.rawValue)", "version": "\(version)",
        ]
        if let target { metadata["target"] = "\(target)" }
        if unlogged > 0 { metadata["unlogged"] = "\(unlogged)" }
        logger.info("relay request refused", metadata: metadata)
    }

    // MARK: Observing

    /// See `NetworkObserver`.
    public func connectionClosed(_ connection: Connection, _ error: NetworkError) {
        let peer = connection.remotePeer
        let now = network.home.now
        guard state.withLock({ $0.reservations.reservation(of: peer, now: now) }) != nil else { return }
        leaveIfGone(peer)
    }

    /// Ends the reservation of a peer that has no direct connection any more.
    ///
    /// - Returns: whether it is gone.
    @discardableResult
    func leaveIfGone(_ peer: PeerID) -> Bool {
        guard !network.connections(to: peer).contains(where: { !$0.isRelayed }) else { return false }
        if state.withLock({ endReservation(of: peer, in: &$0) }) { counters.count(.left) }
        return true
    }

    /// Ends a reservation. Protection goes in the same breath: otherwise a renewal on another loop could come between.
    @discardableResult
    func endReservation(of peer: PeerID, in state: inout RelayState) -> Bool {
        guard state.reservations.end(peer) else { return false }
        network.unprotect(peer, tag: Self.reservationTag)
        return true
    }
}
