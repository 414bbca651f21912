import LibP2PCore
import LibP2PIdentity
import Multiformats
import Synchronization

/// The node's own signed peer records, one for each list of addresses that is told to somebody.
///
/// Signing anew for every connection would cost more than the rest of identify.
final class OwnRecords: Sendable {
    private struct State {
        var records: [(addresses: [Multiaddr], envelope: [UInt8])] = []
        var lastSequence: UInt64 = 0
    }

    /// As many lists as there are audiences, with room for the change from one set of addresses to the next.
    private static let capacity = 8

    private let identity: PrivateKey
    private let clock: WallClock
    private let state = Mutex(State())

    init(identity: PrivateKey, clock: WallClock) {
        self.identity = identity
        self.clock = clock
    }

    /// The envelope of a record with these addresses; nil when the key can't sign.
    ///
    /// Sequence numbers are nanoseconds since 1970, as in go-libp2p, and grow even if the clock doesn't.
    func envelope(for addresses: [Multiaddr]) -> [UInt8]? {
        state.withLock { state in
            if let known = state.records.first(where: { $0.addresses == addresses }) { return known.envelope }
            let sequence = max(UInt64(clamping: clock.now.nanoseconds), state.lastSequence &+ 1)
            let record = PeerRecord(peerID: identity.peerID, sequence: sequence, addresses: addresses)
            guard let envelope = try? record.seal(with: identity).protobuf else { return nil }
            state.lastSequence = sequence
            if state.records.count == Self.capacity { state.records.removeFirst() }
            state.records.append((addresses, envelope))
            return envelope
        }
    }
}
