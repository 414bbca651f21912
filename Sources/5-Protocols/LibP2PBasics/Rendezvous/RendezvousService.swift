public import LibP2PCore
import LibP2PIdentity
import NIOCore
import Synchronization

/// A rendezvous point: peers register in namespaces, and find one another there.
///
/// A peer registers itself only, by its own signed record. Registrations outlive connections, and restarts where a
/// journal keeps them; they end when they expire or are taken back.
///
/// Spec: libp2p/specs rendezvous.
public final class RendezvousService: Sendable {
    /// The protocol's id.
    public static let protocolID: ProtocolID = "/rendezvous/1.0.0"

    /// How often expired registrations are taken out. They are never given out in between.
    static let sweepInterval = Duration.seconds(60)

    private struct State {
        var table: RegistrationTable
        var answers: [RendezvousStatus: UInt64] = [:]
        var sweep: Scheduled<Void>?
        var isRunning = false
    }

    private let network: any Network
    private let journal: (any RegistrationJournal)?
    private let state: Mutex<State>

    /// Makes the service; ``start()`` must follow.
    ///
    /// - Parameter journal: where registrations are kept over restarts, if anywhere.
    public init(
        network: any Network, limits: RegistrationLimits = RegistrationLimits(),
        journal: (any RegistrationJournal)? = nil
    ) {
        self.network = network
        self.journal = journal
        state = Mutex(State(table: RegistrationTable(limits: limits)))
    }

    /// Takes in what the journal kept, and serves the protocol from then on.
    ///
    /// - Throws: what the journal throws.
    public func start() async throws {
        let kept = try await journal?.load() ?? []
        let now = network.clock.now
        let refused = state.withLock { state in
            state.isRunning = true
            state.table = RegistrationTable(limits: state.table.limits)
            return state.table.restore(kept, now: now)
        }
        for key in refused { journal?.remove(key) }
        network.serve(RendezvousHandler(service: self))
        scheduleSweep()
    }

    /// Stops serving. What is registered stays in the journal.
    public func stop() {
        network.stopServing([Self.protocolID])
        state.withLock { state in
            state.isRunning = false
            state.sweep?.cancel()
            state.sweep = nil
        }
    }

    /// Registrations held now, expired ones that were not swept yet included.
    public var registrationCount: Int { state.withLock { $0.table.count } }

    /// Namespaces in which somebody is registered.
    public var namespaceCount: Int { state.withLock { $0.table.namespaceCount } }

    /// Peers that are registered somewhere.
    public var peerCount: Int { state.withLock { $0.table.peerCount } }

    /// How many requests were answered with a status, since the start.
    public func answers(_ status: RendezvousStatus) -> UInt64 { state.withLock { $0.answers[status, default: 0] } }

    /// Answers a request.
    ///
    /// - Returns: nil where the protocol has no answer.
    /// - Throws: `NetworkError` when it is no request.
    func answer(_ request: RendezvousMessage, from peer: PeerID) throws -> RendezvousMessage? {
        switch request {
        case .register(let entry): return .registerResponse(register(entry, peer))
        case .discover(let discover): return .discoverResponse(self.discover(discover))
        case .unregister(let namespace):
            let key = Registration.Key(namespace: namespace, peer: peer)
            if state.withLock({ $0.table.remove(key) }) { journal?.remove(key) }
            return nil
        case .registerResponse, .discoverResponse, .other:
            throw NetworkError(.malformed, "A rendezvous server is sent requests, not answers.")
        }
    }

    private func register(_ entry: RendezvousMessage.Entry, _ peer: PeerID) -> RendezvousMessage.RegisterResponse {
        let now = network.clock.now
        do {
            try verify(entry, of: peer)
            let key = Registration.Key(namespace: entry.namespace, peer: peer)
            let result = state.withLock { state in
                Result { () throws(RendezvousError) in
                    try state.table.register(key, record: entry.record, ttl: entry.ttl, now: now)
                }
            }
            let registration = try result.get()
            journal?.save(registration)
            count(.ok)
            return .init(ttl: registration.secondsLeft(at: now))
        } catch {
            count(error.code)
            return .init(status: error.code, text: error.message)
        }
    }

    /// Checks what costs a signature, outside of the lock. The table checks the rest before it keeps anything.
    private func verify(_ entry: RendezvousMessage.Entry, of peer: PeerID) throws(RendezvousError) {
        let limits = state.withLock { $0.table.limits }
        guard 1...limits.namespaceLength ~= entry.namespace.utf8.count else {
            throw RendezvousError(.invalidNamespace, "a namespace has 1 to \(limits.namespaceLength) bytes")
        }
        guard 1...limits.recordLength ~= entry.record.count else {
            throw RendezvousError(
                .invalidRecord, "a signed peer record has 1 to \(limits.recordLength) bytes, not \(entry.record.count)")
        }
        let record: PeerRecord
        do {
            record = try PeerRecord(opening: entry.record)
        } catch {
            throw RendezvousError(.invalidRecord, "the signed peer record is not valid", cause: error)
        }
        guard record.peerID == peer else {
            throw RendezvousError(.invalidRecord, "the signed peer record is another peer's")
        }
    }

    private func discover(_ discover: RendezvousMessage.Discover) -> RendezvousMessage.DiscoverResponse {
        let now = network.clock.now
        do {
            let result = state.withLock { state in
                Result { () throws(RendezvousError) in
                    try state.table.page(discover.namespace, limit: discover.limit, cookie: discover.cookie, now: now)
                }
            }
            let (page, cookie) = try result.get()
            count(.ok)
            let entries = page.map {
                RendezvousMessage.Entry(
                    namespace: $0.key.namespace, record: $0.record, ttl: $0.secondsLeft(at: now))
            }
            return .init(entries: entries, cookie: cookie.bytes)
        } catch {
            count(error.code)
            return .init(status: error.code, text: error.message)
        }
    }

    private func count(_ status: RendezvousStatus) { state.withLock { $0.answers[status, default: 0] += 1 } }

    private func scheduleSweep() {
        let task = network.home.schedule(after: Self.sweepInterval) { [weak self] in self?.sweep() }
        state.withLock { state in
            if state.isRunning { state.sweep = task } else { task.cancel() }
        }
    }

    private func sweep() {
        let now = network.clock.now
        let expired = state.withLock { $0.table.removeExpired(now: now) }
        for key in expired { journal?.remove(key) }
        scheduleSweep()
    }
}

extension Registration {
    /// How long it lives on, in whole seconds.
    fileprivate func secondsLeft(at now: Timestamp) -> UInt64 { UInt64(clamping: (expiry - now).components.seconds) }
}
