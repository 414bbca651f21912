import LibP2PCore
import LibP2PIdentity
import Multiformats
import Synchronization

/// The node's own signed peer records, one for each kind of audience.
///
/// Signing anew for every connection would cost more than the rest of identify.
final class OwnRecords: Sendable {
    private struct Record {
        let addresses: [Multiaddr]
        let envelope: [UInt8]
    }

    private struct State {
        var records: [Audience: Record] = [:]
        var lastSequence: UInt64 = 0
    }

    private let identity: PrivateKey
    private let clock: WallClock
    private let state = Mutex(State())

    init(identity: PrivateKey, clock: WallClock) {
        self.identity = identity
        self.clock = clock
    }

    /// The envelope of a record with these addresses; nil when the key can't sign.
    ///
    /// Sequence numbers are nanoseconds since 1970, as in go-libp2p, and grow even if the clock doesn't. Peers take a greater
    /// one only. So addresses that come back after others were told in between are signed anew, and whoever turns out to
    /// read the words of 2020 only has a newer record waiting than the one that it may have been given before.
    func envelope(for addresses: [Multiaddr], to audience: Audience) -> [UInt8]? {
        state.withLock { state in
            if let known = state.records[audience], known.addresses == addresses { return known.envelope }
            let sequence = max(UInt64(clamping: clock.now.nanoseconds), state.lastSequence &+ 1)
            let record = PeerRecord(peerID: identity.peerID, sequence: sequence, addresses: addresses)
            guard let envelope = try? record.seal(with: identity).protobuf else { return nil }
            state.lastSequence = sequence
            state.records[audience] = Record(addresses: addresses, envelope: envelope)
            if audience.vocabulary == .current {
                for other in state.records.keys where other.vocabulary != .current { state.records[other] = nil }
            }
            return envelope
        }
    }
}
