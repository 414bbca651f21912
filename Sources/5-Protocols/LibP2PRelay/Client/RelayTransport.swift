public import LibP2PCore
public import LibP2PIdentity
public import Logging
public import Multiformats
import NIOCore
import Synchronization

/// Connections through relays, as a transport: circuit relay versions 1 and 2, the side of the peers.
///
/// It dials `<relay>/p2p-circuit/p2p/<peer>` and listens on `<relay>/p2p-circuit`, where it keeps a reservation for as
/// long as the listener lives. A circuit is secured from end to end by the upgrader, as any byte channel: the relay sees
/// neither who speaks inside nor what. Circuits with bounds are flagged as limited. A circuit lives on the loop of the
/// connection to its relay.
///
/// ```swift
/// let relayed = RelayTransport(network: host, version1: version1)
/// host.add(relayed)
/// try await host.listen(on: Multiaddr("/ip4/192.0.2.1/tcp/4001/p2p/12D3KooW…/p2p-circuit"))
/// ```
/// Circuits from others are taken only from relays that it listens on, and the protocols for them are served only while
/// there is one.
///
/// Specs: libp2p/specs relay/circuit-v1.md and relay/circuit-v2.md.
public final class RelayTransport: Transport, NetworkObserver {
    let network: any Network
    let version1: Version1Service
    let requests: RelayRequests
    let logger: Logger
    private let listeners = Mutex<[PeerID: RelayListener]>([:])

    /// Makes a transport. Add it to the host, and keep it while the host runs.
    ///
    /// - Parameter version1: serves the protocol that version 1 has for both of its sides; the relay server of the same
    ///   node uses it too.
    public init(network: any Network, version1: Version1Service, logger: Logger = Logger(label: "relay")) {
        self.network = network
        self.version1 = version1
        self.logger = logger
        requests = RelayRequests(network: network)
        network.addObserver(self)
    }

    // MARK: Dialling

    /// Whether the address leads through exactly one relay.
    public func canDial(_ address: Multiaddr) -> Bool { (try? CircuitAddress(address)) != nil }

    /// Asks the relay for a circuit, and upgrades it. See `Transport`.
    ///
    /// The relay is dialled if need be, but never through another relay. `executor` is not used: the connection lives
    /// where the one to the relay does.
    public func dial(
        _ address: Multiaddr, expecting peer: PeerID?, upgrader: any ConnectionUpgrader, on executor: LoopExecutor
    ) async throws -> Connection {
        let circuit = try CircuitAddress(address)
        guard let target = peer ?? circuit.target else {
            throw NetworkError(.unsupportedAddress, "\(address) names nobody behind the relay: put /p2p at its end.")
        }
        guard target != network.localPeer, circuit.relay != network.localPeer, target != circuit.relay else {
            throw NetworkError(.misuse, "\(address) leads from this node to itself, or to the relay.")
        }
        let connection = try await network.connectDirectly(to: circuit.relay, at: circuit.relayAddresses)
        return try await CircuitDial(target: target, relay: connection, requests: requests, upgrader: upgrader).run()
    }

    // MARK: Listening

    /// Whether the address names exactly one relay, and nobody behind it.
    public func canListen(on address: Multiaddr) -> Bool {
        guard let circuit = try? CircuitAddress(address) else { return false }
        return circuit.target == nil
    }

    /// Reserves a place at the relay, and keeps it. See `Transport`.
    ///
    /// The listener's addresses are those through the relay; they go when the connection to the relay ends, and come back
    /// with the next reservation, which it tries to get by itself.
    ///
    /// - Throws: ``RelayError`` when the relay refuses, or `NetworkError`.
    public func listen(
        on address: Multiaddr, upgrader: any ConnectionUpgrader, loops: LoopGroup
    ) async throws -> any Listener {
        guard canListen(on: address) else {
            throw NetworkError(.unsupportedAddress, "\(address) is not <relay>/p2p/<id>/p2p-circuit.")
        }
        let circuit = try CircuitAddress(address)
        guard circuit.relay != network.localPeer else {
            throw NetworkError(.misuse, "The node cannot be its own relay.")
        }
        let listener = RelayListener(at: circuit, address: address, transport: self, upgrader: upgrader)
        try add(listener)
        do {
            try await listener.open()
        } catch {
            await listener.close()
            throw error
        }
        return listener
    }

    /// At how many relays a reservation is held now.
    public var heldPlaces: Int { listeners.withLock { $0.values.count { $0.isHeld } } }

    /// Whether a reservation is held at a relay now.
    func holdsReservation(at relay: PeerID) -> Bool { listener(at: relay)?.isHeld ?? false }

    func listener(at relay: PeerID) -> RelayListener? { listeners.withLock { $0[relay] } }

    /// The protocols are served before the reservation is there: the relay may send somebody in the same breath.
    private func add(_ listener: RelayListener) throws {
        let isFirst = try listeners.withLock { listeners throws(NetworkError) in
            guard listeners[listener.relay] == nil else {
                throw NetworkError(.misuse, "The node listens behind relay \(listener.relay) already.")
            }
            listeners[listener.relay] = listener
            return listeners.count == 1
        }
        guard isFirst else { return }
        network.serve(StopHandler(transport: self))
        version1.setClient(self)
    }

    func remove(_ listener: RelayListener) {
        let isLast = listeners.withLock { listeners in
            guard listeners[listener.relay] === listener else { return false }
            listeners[listener.relay] = nil
            return listeners.isEmpty
        }
        guard isLast else { return }
        network.stopServing([RelayProtocols.stop])
        version1.setClient(nil)
    }

    /// See `NetworkObserver`.
    public func connectionClosed(_ connection: Connection, _ error: NetworkError) {
        guard !connection.isRelayed, let listener = listener(at: connection.remotePeer) else { return }
        listener.executor.spawn { await listener.connectionEnded() }
    }
}
