import LibP2PCore
import LibP2PIdentity
import NIOCore
import Synchronization

// Circuits of both versions.
extension RelayServer {
    /// What a circuit is opened with, as far as the versions differ.
    struct CircuitRequest: Sendable {
        let version: Int
        let target: PeerID
        /// What the target is asked on.
        let protocolID: ProtocolID
        /// Whether the target must hold a reservation.
        let needsReservation: Bool
    }

    /// A circuit that was admitted.
    struct AdmittedCircuit: Sendable {
        let id: UInt64
        let connection: Connection
        let bounds: CircuitBounds
        let splice: Splice
    }

    /// Decides whether a peer gets a circuit, and counts it if so; ``forget(_:)`` must follow.
    ///
    /// - Throws: the reason why not.
    func admit(_ request: CircuitRequest, from connection: Connection) throws(RelayRefusal) -> AdmittedCircuit {
        guard !connection.isRelayed else { throw .relayed }
        let source = connection.remotePeer
        let origin = origin(of: connection)
        let now = network.home.now
        let time = network.clock.now
        // Asked before the lock is taken, used after the rules have spoken.
        let direct = network.connections(to: request.target).filter { !$0.isRelayed }
        let nearest = direct.first { $0.executor === connection.executor } ?? direct.first
        let decision = state.withLock { state -> Result<AdmittedCircuit, RelayRefusal> in
            guard state.isRelaying else { return .failure(.notRelaying) }
            guard state.access.allowsCircuit(from: source, to: request.target) else { return .failure(.denied) }
            if request.needsReservation, state.reservations.reservation(of: request.target, now: now) == nil {
                return .failure(.noReservation)
            }
            if let refusal = state.circuits.refusal(
                from: source, to: request.target, origin: origin, limits: state.limits)
            {
                return .failure(refusal)
            }
            guard let nearest else { return .failure(.notConnected) }
            let bounds =
                request.version == 1 ? state.limits.version1Circuit ?? state.limits.circuit : state.limits.circuit
            let splice = Splice(source: connection.executor, target: nearest.executor, bounds: bounds)
            for peer in [source, request.target] where state.circuits.count(of: peer) == 0 {
                network.protect(peer, tag: Self.circuitTag)
            }
            let id = state.circuits.open(from: source, to: request.target, origin: origin)
            state.live[id] = RelayState.LiveCircuit(
                version: request.version, source: source, target: request.target, since: time, splice: splice)
            return .success(AdmittedCircuit(id: id, connection: nearest, bounds: bounds, splice: splice))
        }
        return try decision.get()
    }

    /// Asks the target for a stream, joins it to the source's, and waits until the circuit has ended.
    ///
    /// - Parameters:
    ///   - stream: the source's; nothing is read from it any more.
    ///   - greeting: what the source is told when the target has agreed.
    ///   - handshake: asks the target.
    /// - Returns: how the circuit ended; nil when the source left before the target had agreed.
    /// - Throws: why there is no circuit; the source's stream can still be written to then.
    func run(
        _ circuit: AdmittedCircuit, for request: CircuitRequest, on stream: Stream, greeting: ByteBuffer,
        handshake: @escaping @Sendable (Stream) async throws -> Void
    ) async throws -> CircuitEnding? {
        let splice = circuit.splice
        // The target may take a minute, and the circuit has bounds of its own.
        stream.liftTimeLimits()
        splice.source.hold(stream)
        splice.source.watch()
        do {
            return try await circuit.connection.withStream([request.protocolID]) { targetStream in
                try await self.serve(circuit, on: targetStream, greeting: greeting, handshake: handshake)
            }
        } catch {
            guard splice.abandon() else { return nil }
            throw error
        }
    }

    /// The target's part of ``run(_:for:on:greeting:handshake:)``, on its loop.
    private func serve(
        _ circuit: AdmittedCircuit, on stream: Stream, greeting: ByteBuffer,
        handshake: @escaping @Sendable (Stream) async throws -> Void
    ) async throws -> CircuitEnding {
        let executor = stream.connection.executor
        let bound = NIOLoopBound(stream, eventLoop: executor.loop)
        circuit.splice.target.hold(stream)
        let timer = executor.schedule(after: Self.handshakeLimit) {
            bound.value.reset(NetworkError(.timeout, "The target did not answer within \(Self.handshakeLimit)."))
        }
        defer { timer.cancel() }
        try await handshake(stream)
        timer.cancel()
        opened(circuit.id)
        circuit.splice.begin(greeting: greeting, duration: circuit.bounds.duration)
        return await circuit.splice.finish()
    }

    private func opened(_ id: UInt64) {
        counters.count(.opened)
        state.withLock { $0.live[id]?.isOpen = true }
    }

    /// Ends a circuit's place in the tables, and books it.
    func forget(_ circuit: AdmittedCircuit) {
        let now = network.home.now
        state.withLock { state in
            if let live = state.live.removeValue(forKey: circuit.id) { state.settle(live, now: now) }
            guard let ended = state.circuits.close(circuit.id) else { return }
            for peer in [ended.source, ended.target] where state.circuits.count(of: peer) == 0 {
                network.unprotect(peer, tag: Self.circuitTag)
            }
        }
    }
}

extension RelayRefusal: Error {}
