import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore
import Synchronization

extension RelayServer {
    /// Bytes that passed in all, in both directions.
    public var relayedBytes: UInt64 { state.withLock { Self.relayedBytes(in: $0) } }

    private static func relayedBytes(in state: borrowing RelayState) -> UInt64 {
        state.live.values.reduce(state.pastBytes) { sum, circuit in
            sum &+ circuit.splice.meter.bytesToTarget &+ circuit.splice.meter.bytesToSource
        }
    }

    /// How the relay stands now.
    public func snapshot() -> RelaySnapshot {
        let now = network.home.now
        // Texts of peer ids are made after the lock is let go.
        let (isRelaying, bytes, reservations, live, accounts) = state.withLock { state in
            (
                state.isRelaying, Self.relayedBytes(in: state), state.reservations.all, state.live,
                Self.accounts(in: state, now: now)
            )
        }
        return RelaySnapshot(
            isRelaying: isRelaying, bytes: bytes,
            reservations: reservations.filter { $0.reservation.expiresAt > now }.map { entry in
                RelaySnapshot.Reservation(
                    peer: entry.peer.description, address: entry.reservation.origin.address?.description,
                    expires: entry.reservation.expiration)
            }.sorted { $0.peer < $1.peer },
            circuits: live.sorted { $0.key < $1.key }.map { id, circuit in
                RelaySnapshot.Circuit(
                    id: id, version: circuit.version, source: circuit.source.description,
                    target: circuit.target.description, since: circuit.since.seconds, isOpen: circuit.isOpen,
                    bytesToTarget: circuit.splice.meter.bytesToTarget,
                    bytesToSource: circuit.splice.meter.bytesToSource)
            },
            peers: accounts.map { entry in
                let account = entry.account
                return RelaySnapshot.Peer(
                    peer: entry.peer.description, reservations: account.reservations,
                    circuitsAsSource: account.circuitsAsSource, circuitsAsTarget: account.circuitsAsTarget,
                    bytesSent: account.bytesSent, bytesReceived: account.bytesReceived,
                    refusals: Self.named(account.refusals))
            }.sorted { $0.peer < $1.peer },
            refusals: Self.named(RelayRefusal.allCases.map { ($0, counters[$0]) }),
            endings: Self.named(CircuitEnding.allCases.map { ($0, counters[$0]) }))
    }

    /// The accounts as if all circuits ended now.
    private static func accounts(
        in state: RelayState, now: NIODeadline
    ) -> [(peer: PeerID, account: PeerLedger.Account)] {
        var settled = state
        for circuit in state.live.values { settled.settle(circuit, now: now) }
        return settled.ledger.all
    }

    private static func named<Key: RawRepresentable<String>>(
        _ counts: some Sequence<(key: Key, value: UInt64)>
    ) -> [String: UInt64] {
        Dictionary(
            counts.filter { $0.value > 0 }.map { ($0.key.rawValue, $0.value) }, uniquingKeysWith: { $1 })
    }
}
