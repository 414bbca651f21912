import LibP2PIdentity
import Wire

/// A relay's signed statement that a peer holds a reservation. Others may believe it or not; nothing here asks for it.
///
/// Spec: libp2p/specs relay/circuit-v2.md, "Reservation vouchers".
struct ReservationVoucher: Equatable, Sendable {
    /// Who granted the reservation, and signs.
    var relay: PeerID
    /// Who holds it.
    var peer: PeerID
    /// When it ends, in seconds since 1970-01-01 00:00 UTC.
    var expiration: UInt64

    /// What envelopes of vouchers are signed for.
    static let domain = "libp2p-relay-rsvp"
    /// What envelopes of vouchers carry as their payload's type.
    static let payloadType: [UInt8] = [0x03, 0x02]

    /// States a reservation.
    init(relay: PeerID, peer: PeerID, expiration: UInt64) {
        self.relay = relay
        self.peer = peer
        self.expiration = expiration
    }

    /// Signs the voucher.
    ///
    /// - Returns: the envelope in protobuf form.
    /// - Throws: `IdentityError.Code.signing`.
    func seal(with key: PrivateKey) throws -> [UInt8] {
        let payload = Payload(relay: relay.bytes, peer: peer.bytes, expiration: expiration)
        return try SignedEnvelope.seal(
            payload.protobufBytes(), type: Self.payloadType, domain: Self.domain, with: key
        ).protobuf
    }

    /// Reads a voucher: verifies the signature first, then that the signer speaks for itself.
    ///
    /// - Throws: `IdentityError`, or `WireError` when the payload is no voucher.
    init(opening envelope: [UInt8]) throws {
        let opened = try SignedEnvelope.open(envelope, domain: Self.domain, type: Self.payloadType)
        let payload = try Payload(protobuf: opened.payload)
        self.init(
            relay: try PeerID(bytes: payload.relay), peer: try PeerID(bytes: payload.peer),
            expiration: payload.expiration)
        guard relay.matches(opened.publicKey) else {
            throw RelayError(.malformedMessage, "\(opened.peerID) signed a voucher of \(relay)")
        }
    }
}

/// The voucher's fields on the wire.
private struct Payload: ProtobufMessage {
    var relay: [UInt8] = []
    var peer: [UInt8] = []
    var expiration: UInt64 = 0

    init(relay: [UInt8], peer: [UInt8], expiration: UInt64) {
        self.relay = relay
        self.peer = peer
        self.expiration = expiration
    }

    init(from reader: inout ProtobufReader) throws {
        while let field = try reader.nextField() {
            switch field.number {
            case 1: relay = try field.byteArray()
            case 2: peer = try field.byteArray()
            case 3: expiration = try field.varint()
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        writer.bytes(1, relay)
        writer.bytes(2, peer)
        writer.varint(3, expiration)
    }
}
