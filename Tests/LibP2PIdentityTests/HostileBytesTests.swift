import LibP2PIdentity
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
            for bytes in mutants(of: valid, seed: seed, rounds: 10) {
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

    private func mutants(of valid: [UInt8], seed: UInt64, rounds: Int = 50) -> [[UInt8]] {
        var random = SplitMix64(state: seed)
        return (0..<rounds).map { round in
            let length = round.isMultiple(of: 2) ? valid.count : Int.random(in: 0...valid.count, using: &random)
            var bytes = Array(valid.prefix(length))
            for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            return bytes
        }
    }
}

/// A seeded generator, so that a failing input can be made again.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
