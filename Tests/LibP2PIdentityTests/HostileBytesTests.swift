import LibP2PIdentity
import LibP2PTesting
import Testing

/// Mutated and truncated vectors are read or refused; they never trap, and never pass for what they are not.
struct HostileBytesTests {
    @Test(arguments: 0..<16 as Range<UInt64>)
    func publicKeys(seed: UInt64) throws {
        for vector in try PeerIDVectors.load().keys {
            let valid = try hex(vector.public_pb_hex)
            for bytes in mutants(of: valid, seed: seed) {
                guard let key = try? PublicKey(protobuf: bytes) else { continue }
                #expect(try PublicKey(protobuf: key.protobuf) == key)
                #expect(try PeerID(bytes: key.peerID.bytes).matches(key))
            }
        }
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func privateKeysAndKeyFiles(seed: UInt64) throws {
        for vector in try PeerIDVectors.load().keys {
            let valid = try hex(vector.private_pb_hex)
            let key = try PrivateKey(protobuf: valid)
            for bytes in mutants(of: valid, seed: seed) {
                guard let key = try? PrivateKey(protobuf: bytes) else { continue }
                #expect(try PrivateKey(protobuf: key.protobuf).peerID == key.peerID)
            }
            for bytes in mutants(of: try KeyFile.peerIDJSON.bytes(of: key), seed: seed) { _ = try? KeyFile.read(bytes) }
            for bytes in mutants(of: try KeyFile.base64.bytes(of: key), seed: seed) { _ = try? KeyFile.read(bytes) }
        }
    }

    @Test(arguments: 0..<16 as Range<UInt64>)
    func envelopes(seed: UInt64) throws {
        let vector = try EnvelopeVectors.load().peer_record
        let record = try PeerRecord(opening: try hex(vector.envelope_hex))
        for bytes in mutants(of: try hex(vector.envelope_hex), seed: seed) {
            // A mutation may hit what is neither signed nor meant, but nothing else can be read from it.
            if let read = try? PeerRecord(opening: bytes) { #expect(read == record) }
        }
    }

    @Test(arguments: 0..<16 as Range<UInt64>)
    func signatures(seed: UInt64) throws {
        for vector in try PeerIDVectors.load().signature_fixtures {
            let key = try PublicKey(protobuf: try hex(vector.public_pb_hex))
            let valid = try hex(vector.signature_hex)
            for bytes in mutants(of: valid, seed: seed, count: 10) {
                #expect(bytes == valid || !key.isValidSignature(bytes, for: Array(vector.message_utf8.utf8)))
            }
        }
    }

    @Test(arguments: 0..<16 as Range<UInt64>)
    func peerIDs(seed: UInt64) throws {
        for vector in try PeerIDVectors.load().peer_id_strings {
            for bytes in mutants(of: try hex(vector.bytes_hex), seed: seed) {
                guard let peerID = try? PeerID(bytes: bytes) else { continue }
                #expect(peerID.bytes == bytes)
                #expect(try PeerID(peerID.description) == peerID)
                _ = peerID.publicKey
            }
            for bytes in mutants(of: Array(vector.input.utf8), seed: seed) {
                guard let peerID = try? PeerID(String(decoding: bytes, as: UTF8.self)) else { continue }
                #expect(try PeerID(peerID.description) == peerID)
            }
        }
    }
}
