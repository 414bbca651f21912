import LibP2PIdentity
import LibP2PTesting
import Testing

@testable import LibP2PKademlia

@Suite struct KademliaKeyTests {
    @Test func isTheHashOfTheName() throws {
        // SHA-256 of "abc", FIPS 180-2.
        let expected = bytes(hex: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(KademliaKey(hashing: Array("abc".utf8)).bytes == expected)
    }

    @Test func matchesThePeerVectors() throws {
        let file = try TestVectors.values("peer-ids")
        let keys = try #require(file["keys"] as? [[String: Any]])
        for key in keys {
            let entry = try #require(key["peer_id"] as? [String: Any])
            let id = try PeerID(try #require(entry["base58btc"] as? String))
            #expect(KademliaKey(id).bytes == bytes(hex: entry["kad_id_sha256_hex"] as? String))
        }
        let content = try #require(file["content_kad_id"] as? [String: Any])
        let multihash = try #require(bytes(hex: content["multihash_hex"] as? String))
        #expect(KademliaKey(hashing: multihash).bytes == bytes(hex: content["kad_id_hex"] as? String))
    }

    @Test func countsCommonBits() {
        let key = KademliaKey(hashing: [1])
        #expect(key.commonPrefixLength(with: key) == 256)
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<200 {
            let other = KademliaKey(hashing: generator.bytes(8))
            let expected = zip(key.bytes, other.bytes).reduce((0, true)) { state, pair in
                guard state.1 else { return state }
                let equal = (pair.0 ^ pair.1).leadingZeroBitCount
                return (state.0 + equal, equal == 8)
            }.0
            #expect(key.commonPrefixLength(with: other) == expected)
            #expect(key.bit(expected) != other.bit(expected))
            #expect((key < other) == key.bytes.lexicographicallyPrecedes(other.bytes))
        }
    }
}
