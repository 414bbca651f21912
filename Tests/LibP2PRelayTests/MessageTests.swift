import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Testing
import Wire

@testable import LibP2PRelay

struct MessageTests {
    /// Both directions: the vector reads as the message, and the message is written as the vector.
    private func check<Message: ProtobufMessage & Equatable>(_ text: String, _ message: Message) throws {
        let bytes = try hex(text)
        #expect(framed(message) == bytes)
        var buffer = ByteBuffer(bytes: bytes)
        #expect(try buffer.readDelimited(Message.self, max: RelayProtocols.maxMessageLength) == message)
    }

    @Test func version1ReadsAndWritesTheVectors() throws {
        let vectors = try RelayVectors.load()
        let v1 = vectors.v1
        #expect(RelayProtocols.version1.name == v1.protocol)
        try check(v1.can_hop, CircuitMessage.canHop)
        try check(v1.status_success, CircuitMessage.status(.success))
        try check(v1.status_cant_speak_relay, CircuitMessage.status(.hopCannotRelay))
        try check(v1.status_no_conn_to_dst, CircuitMessage.status(.hopNoConnection))
        let address = try Multiaddr("/ip4/192.0.2.1/tcp/4001")
        let source = RelayedPeer(try PeerID(vectors.peers.A), addresses: [address])
        let destination = RelayedPeer(try PeerID(vectors.peers.B))
        var message = CircuitMessage.hop(from: source, to: destination)
        try check(v1.hop_A_to_B, message)
        message.kind = .stop
        try check(v1.stop_A_to_B, message)
    }

    @Test func version2ReadsAndWritesTheVectors() throws {
        let vectors = try RelayVectors.load()
        let v2 = vectors.v2
        let limit = CircuitLimit(seconds: 120, bytes: 131_072)
        #expect(RelayProtocols.hop.name == v2.hop_protocol)
        #expect(RelayProtocols.stop.name == v2.stop_protocol)
        try check(v2.reserve, HopMessage.reserve)
        try check(v2.reserve_refused, HopMessage.status(.reservationRefused))
        try check(v2.connect_to_A, HopMessage.connect(to: RelayedPeer(try PeerID(vectors.peers.A))))
        try check(
            v2.stop_connect_from_B,
            StopMessage.connect(from: RelayedPeer(try PeerID(vectors.peers.B)), limit: limit))
        try check(v2.stop_ok, StopMessage.status(.ok))
        try check(v2.hop_ok, HopMessage.status(.ok, limit: limit))
        try check(v2.no_reservation, HopMessage.status(.noReservation))
        try check(v2.permission_denied, HopMessage.status(.permissionDenied))
        try check(v2.malformed, HopMessage.status(.malformedMessage))
    }

    @Test func theVoucherOfTheVectorIsValid() throws {
        let vectors = try RelayVectors.load()
        var buffer = ByteBuffer(bytes: try hex(vectors.v2.reserve_ok))
        let read = try buffer.readDelimited(HopMessage.self, max: RelayProtocols.maxMessageLength)
        let message = try #require(read)
        #expect(framed(message) == (try hex(vectors.v2.reserve_ok)))
        let reservation = try #require(message.reservation)
        let relay = try PeerID(vectors.peers.relay)
        let address = try Multiaddr(bytes: try #require(reservation.addresses.first))
        #expect(address == (try Multiaddr("/ip4/192.0.2.10/tcp/4001/p2p/\(relay)")))
        let voucher = try ReservationVoucher(opening: try #require(reservation.voucher))
        #expect(voucher.relay == relay)
        #expect(voucher.peer == (try PeerID(vectors.peers.A)))
        #expect(voucher.expiration == reservation.expiration)
    }

    @Test func vouchersAreSignedByTheirRelay() throws {
        let relay = try key(1)
        let voucher = ReservationVoucher(relay: relay.peerID, peer: try peer(2), expiration: 7)
        let envelope = try voucher.seal(with: relay)
        #expect(try ReservationVoucher(opening: envelope) == voucher)
        let forged = try voucher.seal(with: try key(3))
        #expect(throws: RelayError(.malformedMessage, "")) { try ReservationVoucher(opening: forged) }
        var changed = envelope
        changed[changed.count - 1] ^= 1
        #expect(throws: IdentityError.self) { try ReservationVoucher(opening: changed) }
    }

    @Test func unknownKindsAndCodesAreKeptApart() throws {
        let hop = try HopMessage(protobuf: [0x08, 0x07, 0x28, 0x63])
        #expect(hop.kind == nil)
        #expect(hop.status == RelayStatus(rawValue: 99))
        #expect(try HopMessage(protobuf: []).kind == nil)
        #expect(try CircuitMessage(protobuf: [0x08, 0x00]).kind == nil)
        #expect(try CircuitLimit(protobuf: [0x08, 0x00]).isLimiting == false)
        #expect(try CircuitLimit(protobuf: [0x10, 0x01]).isLimiting)
    }

    @Test func boundsTheAddresses() throws {
        var writer = ProtobufWriter()
        for _ in 0...RelayedPeer.maxAddresses { writer.bytes(2, []) }
        let bytes = writer.finish()
        #expect(throws: WireError(.tooManyElements, "")) { try RelayedPeer(protobuf: bytes) }
        #expect(throws: WireError(.tooManyElements, "")) { try ReservationMessage(protobuf: bytes) }
    }

    @Test(arguments: 0..<16 as Range<UInt64>)
    func survivesHostileBytes(seed: UInt64) throws {
        let vectors = try RelayVectors.load()
        for text in [vectors.v1.hop_A_to_B, vectors.v1.status_success] {
            for bytes in mutants(of: Array(try hex(text).dropFirst()), seed: seed) {
                guard let message = try? CircuitMessage(protobuf: bytes) else { continue }
                #expect(try CircuitMessage(protobuf: message.protobufBytes()) == message)
            }
        }
        for text in [vectors.v2.reserve_ok, vectors.v2.connect_to_A, vectors.v2.hop_ok] {
            for bytes in mutants(of: Array(try hex(text).dropFirst(2)), seed: seed) {
                guard let message = try? HopMessage(protobuf: bytes) else { continue }
                #expect(try HopMessage(protobuf: message.protobufBytes()) == message)
                _ = try? message.reservation?.voucher.map { try ReservationVoucher(opening: $0) }
            }
        }
        for bytes in mutants(of: Array(try hex(vectors.v2.stop_connect_from_B).dropFirst()), seed: seed) {
            guard let message = try? StopMessage(protobuf: bytes) else { continue }
            #expect(try StopMessage(protobuf: message.protobufBytes()) == message)
        }
    }
}
