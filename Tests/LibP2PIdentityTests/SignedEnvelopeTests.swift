import LibP2PIdentity
import LibP2PTesting
import Multiformats
import Testing

struct SignedEnvelopeTests {
    @Test func sealsAndOpensThePeerRecord() throws {
        let vector = try EnvelopeVectors.load().peer_record
        let key = try PrivateKey(ed25519Seed: try hex(vector.private_seed_hex))
        #expect(key.publicKey.protobuf == (try hex(vector.public_pb_hex)))
        let record = PeerRecord(
            peerID: try PeerID(vector.peer_id), sequence: vector.seq,
            addresses: try vector.addresses.map { try Multiaddr($0) })
        let envelope = try record.seal(with: key)
        #expect(PeerRecord.domain == vector.domain)
        #expect(envelope.payloadType == (try hex(vector.payload_type_hex)))
        #expect(envelope.payload == (try hex(vector.payload_hex)))
        #expect(envelope.signature == (try hex(vector.signature_hex)))
        #expect(envelope.protobuf == (try hex(vector.envelope_hex)))

        #expect(try PeerRecord(opening: envelope.protobuf) == record)
        #expect(try SignedEnvelope.open(envelope.protobuf, domain: vector.domain) == envelope)
        #expect(envelope.peerID == record.peerID)
    }

    @Test func opensAnEnvelopeOfAnotherKind() throws {
        let vector = try EnvelopeVectors.load().relay_voucher
        let bytes = try hex(vector.envelope_hex)
        let type = try hex(vector.payload_type_hex)
        let envelope = try SignedEnvelope.open(bytes, domain: vector.domain, type: type)
        #expect(envelope.payload == (try hex(vector.payload_hex)))
        #expect(envelope.peerID.description == vector.relay_peer_id)
        #expect(envelope.protobuf == bytes)
        let key = try PrivateKey(ed25519Seed: try hex(vector.relay_seed_hex))
        #expect(try SignedEnvelope.seal(envelope.payload, type: type, domain: vector.domain, with: key) == envelope)

        #expect(throws: IdentityError(.signature, "")) { try SignedEnvelope.open(bytes, domain: "libp2p-peer-record") }
        #expect(throws: IdentityError(.envelope, "")) {
            try SignedEnvelope.open(bytes, domain: vector.domain, type: PeerRecord.payloadType)
        }
        #expect(throws: IdentityError(.envelope, "")) { try PeerRecord(opening: bytes) }
    }

    @Test func refusesTheInvalidVectors() throws {
        for vector in try EnvelopeVectors.load().must_reject {
            #expect(throws: IdentityError.self, "\(vector.why)") {
                try PeerRecord(opening: try hex(vector.envelope_hex))
            }
        }
    }

    @Test func aRecordSpeaksForItsSignerOnly() throws {
        let key = try PrivateKey.generate()
        let record = PeerRecord(peerID: try PrivateKey.generate().peerID, sequence: 1, addresses: [])
        #expect(throws: IdentityError(.record, "")) { try record.seal(with: key) }

        let foreign = try EnvelopeVectors.load().peer_record
        let forged = try SignedEnvelope.seal(
            try hex(foreign.payload_hex), type: PeerRecord.payloadType, domain: PeerRecord.domain, with: key)
        #expect(throws: IdentityError(.record, "")) { try PeerRecord(opening: forged.protobuf) }
    }

    @Test func skipsAddressesOfUnknownProtocols() throws {
        let key = try PrivateKey.generate()
        let peerID: [UInt8] = [0x0a, UInt8(key.peerID.bytes.count)] + key.peerID.bytes
        let unknown: [UInt8] = [0x1a, 0x05, 0x0a, 0x03, 0xff, 0xff, 0x7f]
        let known: [UInt8] = [0x1a, 0x0a, 0x0a, 0x08, 4, 127, 0, 0, 1, 6, 0, 80]
        let envelope = try SignedEnvelope.seal(
            peerID + unknown + known, type: PeerRecord.payloadType, domain: PeerRecord.domain, with: key)
        let record = try PeerRecord(opening: envelope.protobuf)
        #expect(record.addresses == [try Multiaddr("/ip4/127.0.0.1/tcp/80")])
        #expect(record.sequence == 0)
    }

    @Test func boundsTheAddresses() throws {
        let key = try PrivateKey.generate()
        let address = try Multiaddr("/ip4/127.0.0.1/tcp/80")
        let record = PeerRecord(
            peerID: key.peerID, sequence: .max, addresses: Array(repeating: address, count: PeerRecord.maxAddresses + 1)
        )
        let read = try PeerRecord(opening: try record.seal(with: key).protobuf)
        #expect(read.addresses.count == PeerRecord.maxAddresses)
        #expect(read.sequence == .max)
    }
}
