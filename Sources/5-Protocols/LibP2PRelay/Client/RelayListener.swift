import LibP2PCore
import LibP2PIdentity
import Logging
import Multiformats
import NIOCore
import Synchronization

/// Keeps a place at one relay, so that peers can reach this node through it.
actor RelayListener: Listener {
    /// The relay's protection from being trimmed.
    static let tag = "relay-client"
    /// The first wait after a failure; it doubles with each further one.
    static let shortestWait = Duration.seconds(5)
    /// The longest wait after a failure.
    static let longestWait = Duration.seconds(300)

    /// What others look at from any loop.
    private struct Offer: Sendable {
        var isHeld = false
        var addresses: [Multiaddr] = []
    }

    /// What was asked for: `<relay>/p2p-circuit`.
    nonisolated let address: Multiaddr
    /// Who relays.
    nonisolated let relay: PeerID
    /// Takes the circuits.
    nonisolated let upgrader: any ConnectionUpgrader
    /// The node's own loop.
    nonisolated let executor: LoopExecutor

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let relayAddresses: [Multiaddr]
    private let transport: RelayTransport
    private let offer = Mutex(Offer())
    private var heldUntil: NIODeadline?
    private var timer: Scheduled<Void>?
    private var failures = 0
    private var isAsking = false
    private var isClosed = false

    init(
        at circuit: CircuitAddress, address: Multiaddr, transport: RelayTransport, upgrader: any ConnectionUpgrader
    ) {
        self.address = address
        self.transport = transport
        self.upgrader = upgrader
        relay = circuit.relay
        relayAddresses = circuit.relayAddresses
        executor = transport.network.home
    }

    /// Where this node can be reached through the relay now.
    nonisolated var addresses: [Multiaddr] { offer.withLock { $0.addresses } }

    /// Whether the relay keeps a place for this node now.
    nonisolated var isHeld: Bool { offer.withLock { $0.isHeld } }

    private var network: any Network { transport.network }

    /// Gets the first reservation.
    ///
    /// - Throws: ``RelayError`` when the relay refuses, or `NetworkError`.
    func open() async throws {
        isAsking = true
        defer { isAsking = false }
        try await reserve()
    }

    /// Gives the place up. The connection to the relay, and circuits, live on.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        timer?.cancel()
        transport.remove(self)
        lose()
    }

    /// A direct connection to the relay has ended.
    func connectionEnded() {
        guard !isClosed, heldUntil != nil, !isConnected else { return }
        transport.logger.info("connection to a relay lost", metadata: ["relay": "\(relay)"])
        lose()
        renew(after: .zero)
    }

    private var isConnected: Bool { network.connections(to: relay).contains { !$0.isRelayed } }

    // MARK: The reservation

    private func reserve() async throws {
        let connection = try await network.connectDirectly(to: relay, at: relayAddresses)
        let reservation = try await transport.requests.reserve(on: connection)
        // The connection may have ended while its answer was on the way, and the place with it.
        guard !isClosed, isConnected else {
            throw NetworkError(.closed, "The connection to relay \(relay) ended.")
        }
        failures = 0
        network.protect(relay, tag: Self.tag)
        heldUntil = reservation.lifetime.map { executor.now + TimeAmount($0) } ?? .distantFuture
        publish(Offer(isHeld: true, addresses: circuits(of: reservation, over: connection)))
        if let renewal = reservation.renewal { renew(after: renewal) }
    }

    private func lose() {
        heldUntil = nil
        network.unprotect(relay, tag: Self.tag)
        publish(Offer())
    }

    private func publish(_ offer: Offer) {
        let isNews = self.offer.withLock { old in
            defer { old = offer }
            return old.addresses != offer.addresses
        }
        if isNews { upgrader.listenerChanged() }
    }

    private func renew(after delay: Duration) {
        timer?.cancel()
        timer = executor.schedule(after: delay) { [weak self] in
            guard let self else { return }
            executor.spawn { await self.renew() }
        }
    }

    private func renew() async {
        guard !isClosed, !isAsking else { return }
        isAsking = true
        defer { isAsking = false }
        do {
            try await reserve()
        } catch {
            guard !isClosed else { return }
            transport.logger.info(
                "no reservation at a relay", metadata: ["relay": "\(relay)", "error": "\(error)"])
            // A place that is not renewed lasts to its end.
            if heldUntil.map({ $0 <= executor.now || !isConnected }) ?? false { lose() }
            renew(after: wait(afterFailure: failures))
            failures += 1
        }
    }

    private func wait(afterFailure count: Int) -> Duration {
        let wait = min(Self.longestWait, Self.shortestWait * (1 << min(count, 10)))
        guard let heldUntil, heldUntil > executor.now else { return wait }
        // The end of the place must not be slept through.
        return min(wait, .nanoseconds((heldUntil - executor.now).nanoseconds))
    }

    // MARK: Addresses

    /// This node's addresses through the relay. A relay that tells none of its own, as those of version 1 cannot, is
    /// taken to be where it is known to be.
    private func circuits(of reservation: Reservation, over connection: Connection) -> [Multiaddr] {
        var found = usable(reservation.relayAddresses)
        if found.isEmpty, !connection.isInbound { found = usable([connection.remoteAddress]) }
        if found.isEmpty { found = usable(network.peerStore.addresses(of: relay)) }
        return found.prefix(Reservation.maxAddresses).compactMap { try? $0.circuit(through: relay) }
    }

    private func usable(_ addresses: [Multiaddr]) -> [Multiaddr] {
        addresses.filter { !$0.isCircuit && ($0.isPublic || network.allowsPrivateAddresses) }
    }
}
