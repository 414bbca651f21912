import LibP2PCore
import LibP2PIdentity
import Multiformats

/// A place that this node holds at a relay: what the relay told of it, checked. A pure value.
struct Reservation: Equatable, Sendable {
    /// The version of the relay protocol under which it was granted. Version 1 knows no reservations: there the relay only
    /// said that it relays.
    var version: Int
    /// How long it lasts from when it was granted; nil for as long as the connection.
    var lifetime: Duration?
    /// Where the relay can be reached, without `/p2p` at the end; empty when it told none.
    var relayAddresses: [Multiaddr] = []
    /// The bounds of circuits through the relay.
    var limit: CircuitLimit?

    /// What version 1 amounts to.
    static let version1 = Reservation(version: 1)

    /// The most addresses of a relay that are kept: all of them would be announced.
    static let maxAddresses = 8
    /// A relay that promises more is asked again after a day anyway.
    static let longestLifetime = Duration.seconds(24 * 3600)
    /// It is renewed no sooner than this, however short the relay makes it.
    static let shortestRenewal = Duration.seconds(10)

    /// When to ask anew, counted from when it was granted: at three quarters of its life, which leaves time for other
    /// tries. Nil for never.
    var renewal: Duration? {
        lifetime.map { max($0 / 4 * 3, Self.shortestRenewal) }
    }
}

extension Reservation {
    /// Reads a relay's answer to a request for a place.
    ///
    /// - Parameters:
    ///   - relay: who answered.
    ///   - holder: who asked.
    ///   - now: the time of the world, against which the relay's expiration is held.
    /// - Throws: `.refused` with the relay's reason, or `.malformedMessage`.
    init(_ answer: HopMessage, of relay: PeerID, for holder: PeerID, now: Timestamp) throws(RelayError) {
        try answer.requireOK(of: relay)
        guard let granted = answer.reservation else {
            throw RelayError(.malformedMessage, "relay \(relay) granted a reservation without telling what it is")
        }
        let lifetime = Timestamp(seconds: Int64(clamping: granted.expiration)) - now
        guard lifetime > .zero else {
            throw RelayError(
                .malformedMessage,
                "relay \(relay) granted a reservation that is over: it ends at \(granted.expiration), now is \(now.seconds)"
            )
        }
        if let voucher = granted.voucher { try Self.check(voucher, of: relay, for: holder) }
        self.init(
            version: 2, lifetime: min(lifetime, Self.longestLifetime),
            relayAddresses: Self.addresses(granted.addresses, of: relay), limit: answer.limit)
    }

    private static func check(_ voucher: [UInt8], of relay: PeerID, for holder: PeerID) throws(RelayError) {
        let opened: ReservationVoucher
        do {
            opened = try ReservationVoucher(opening: voucher)
        } catch {
            throw RelayError(.malformedMessage, "the voucher of relay \(relay) is not valid", cause: error)
        }
        guard opened.relay == relay, opened.peer == holder else {
            throw RelayError(
                .malformedMessage, "relay \(relay) gave a voucher of \(opened.relay) for \(opened.peer)")
        }
    }

    /// The relay's addresses, without those that are of somebody else, lead through another relay, or cannot be read.
    private static func addresses(_ told: [[UInt8]], of relay: PeerID) -> [Multiaddr] {
        var addresses: [Multiaddr] = []
        for bytes in told where addresses.count < maxAddresses {
            guard let address = try? Multiaddr(bytes: bytes), !address.isCircuit,
                address.peerID.map({ $0 == relay }) ?? true, let bare = address.withoutPeerID,
                !addresses.contains(bare)
            else { continue }
            addresses.append(bare)
        }
        return addresses
    }
}

extension HopMessage {
    /// Checks that the message tells of success.
    ///
    /// - Throws: `.refused` or `.noReservation` with the relay's reason in words, or `.malformedMessage`.
    func requireOK(of relay: PeerID) throws(RelayError) {
        guard kind == .status, let status else {
            throw RelayError(.malformedMessage, "relay \(relay) answered without a status")
        }
        guard status != .ok else { return }
        throw RelayError(
            status == .noReservation ? .noReservation : .refused,
            "relay \(relay) refused with \(status): \(status.explanation)")
    }
}

extension CircuitMessage {
    /// Checks that the message tells of success.
    ///
    /// - Throws: `.refused` with the relay's reason in words, or `.malformedMessage`.
    func requireSuccess(of relay: PeerID) throws(RelayError) {
        // Programs of 2020 look at the code alone, and some send it without a type.
        guard let status else {
            throw RelayError(.malformedMessage, "relay \(relay) answered without a status")
        }
        guard status != .success else { return }
        throw RelayError(.refused, "relay \(relay) refused with \(status): \(status.explanation)")
    }
}
