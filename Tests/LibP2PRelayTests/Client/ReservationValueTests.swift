import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Testing
import Wire

@testable import LibP2PRelay

struct ReservationValueTests {
    private let now = Timestamp(seconds: 1_700_000_000)

    private func reservation(_ message: HopMessage) throws -> Reservation {
        try Reservation(message, of: peer(1), for: peer(2), now: now)
    }

    private func granted(
        for seconds: UInt64 = 3600, addresses: [Multiaddr] = [], voucher: [UInt8]? = nil
    ) -> HopMessage {
        .status(
            .ok,
            reservation: ReservationMessage(
                expiration: 1_700_000_000 + seconds, addresses: addresses.map(\.bytes), voucher: voucher))
    }

    @Test func readsTheVector() throws {
        let vectors = try RelayVectors.load()
        var buffer = ByteBuffer(bytes: try hex(vectors.v2.reserve_ok))
        let read = try buffer.readDelimited(HopMessage.self, max: RelayProtocols.maxMessageLength)
        let message = try #require(read)
        let expiration = try #require(message.reservation).expiration
        let reservation = try Reservation(
            message, of: try PeerID(vectors.peers.relay), for: try PeerID(vectors.peers.A),
            now: Timestamp(seconds: Int64(expiration) - 3600))
        #expect(reservation.lifetime == .seconds(3600))
        #expect(reservation.renewal == .seconds(2700))
        #expect(reservation.relayAddresses == [try Multiaddr("/ip4/192.0.2.10/tcp/4001")])
        #expect(reservation.limit == CircuitLimit(seconds: 120, bytes: 131_072))
        // The voucher is somebody else's.
        #expect(throws: RelayError(.malformedMessage, "")) {
            try Reservation(
                message, of: try PeerID(vectors.peers.relay), for: try PeerID(vectors.peers.B),
                now: Timestamp(seconds: Int64(expiration) - 3600))
        }
    }

    @Test func boundsWhatTheRelaySays() throws {
        #expect(try reservation(granted(for: 1)).renewal == Reservation.shortestRenewal)
        #expect(try reservation(granted(for: 1 << 62)).lifetime == Reservation.longestLifetime)
        #expect(throws: RelayError(.malformedMessage, "")) { try reservation(granted(for: 0)) }
        let many = try (1...50).map { try Multiaddr("/ip4/192.0.2.1/tcp/\($0)/p2p/\(peer(1))") }
        #expect(try reservation(granted(addresses: many)).relayAddresses.count == Reservation.maxAddresses)
    }

    @Test func leavesOutAddressesThatAreNotTheRelays() throws {
        let own = try Multiaddr("/ip4/192.0.2.1/tcp/4001")
        let addresses = [
            try own.withPeerID(peer(3)), try own.circuit(through: peer(3)), try own.withPeerID(peer(1)), own,
        ]
        #expect(try reservation(granted(addresses: addresses)).relayAddresses == [own])
    }

    @Test func checksTheVoucher() throws {
        let good = try ReservationVoucher(relay: peer(1), peer: peer(2), expiration: 7).seal(with: key(1))
        #expect(throws: Never.self) { try reservation(granted(voucher: good)) }
        let other = try ReservationVoucher(relay: peer(1), peer: peer(3), expiration: 7).seal(with: key(1))
        #expect(throws: RelayError(.malformedMessage, "")) { try reservation(granted(voucher: other)) }
        let forged = try ReservationVoucher(relay: peer(1), peer: peer(2), expiration: 7).seal(with: key(3))
        #expect(throws: RelayError(.malformedMessage, "")) { try reservation(granted(voucher: forged)) }
        #expect(throws: RelayError(.malformedMessage, "")) { try reservation(granted(voucher: [1, 2, 3])) }
    }

    @Test func refusalsSayWhyInWords() throws {
        let texts: [(RelayStatus, RelayError.Code, String)] = [
            (.reservationRefused, .refused, "no place"), (.resourceLimitExceeded, .refused, "too many circuits"),
            (.permissionDenied, .refused, "rule"), (.connectionFailed, .refused, "did not take"),
            (.noReservation, .noReservation, "no reservation"), (.malformedMessage, .refused, "could not read"),
            (.unexpectedMessage, .refused, "did not expect"),
            (RelayStatus(rawValue: 999), .refused, "without a meaning"),
        ]
        for (status, code, words) in texts {
            let error = #expect(throws: RelayError.self) { try reservation(.status(status)) }
            #expect(error?.code == code)
            #expect(error?.message.contains(words) == true)
            #expect(error?.message.contains("\(status.rawValue)") == true)
        }
        #expect(throws: RelayError(.malformedMessage, "")) { try reservation(HopMessage(kind: .status)) }
        #expect(throws: RelayError(.malformedMessage, "")) { try reservation(.reserve) }
        #expect(throws: RelayError(.malformedMessage, "")) { try reservation(.status(.ok)) }
        let relay = try peer(1)
        #expect(throws: RelayError(.malformedMessage, "")) {
            try CircuitMessage.canHop.requireSuccess(of: relay)
        }
        let error = #expect(throws: RelayError.self) {
            try CircuitMessage.status(.hopNoConnection).requireSuccess(of: relay)
        }
        #expect(error?.message.contains("not connected") == true)
        #expect(throws: Never.self) { try CircuitMessage(status: .success).requireSuccess(of: relay) }
    }
}
