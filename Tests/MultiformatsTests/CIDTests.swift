import LibP2PTesting
import Multiformats
import Testing

@Suite struct CIDTests {
    @Test func vectorsParseAndPrint() throws {
        for vector in try MultiformatsVectors.load().cid {
            let cid = try CID(vector.text)
            #expect(cid.version.rawValue == vector.version)
            #expect(cid.codec.rawValue == vector.codec)
            #expect(cid.multihash.bytes == (try hex(vector.multihashHex)))
            #expect(cid.bytes == (try hex(vector.bytesHex)))
            #expect(cid.description == vector.text)
            #expect(try CID(bytes: hex(vector.bytesHex)) == cid)
            if let version1 = vector.asV1Base32 {
                #expect(cid.text(in: .base32) == version1)
                #expect(try CID(version1) == cid.asVersion1)
            }
        }
    }

    @Test(arguments: Multibase.allCases)
    func anyBaseIsRead(base: Multibase) throws {
        let cid = CID(codec: .libp2pKey, multihash: .sha256(of: [1, 2, 3]))
        #expect(try CID(cid.text(in: base)) == cid)
    }

    @Test func theLongestCIDFitsItsTextLimits() throws {
        let digest = [UInt8](repeating: 0xff, count: Multihash.maxDigestLength)
        let cid = CID(codec: .raw, multihash: try .identity(digest))
        for base in Multibase.allCases {
            #expect(try CID(cid.text(in: base)) == cid)
        }
    }

    @Test func versionZeroHasNoMultibase() throws {
        let bytes = try CID(v0: .sha256(of: [])).bytes
        #expect(throws: MultiformatsError(.cid, "")) { try CID(Multibase.base58btc.encode(bytes)) }
    }

    @Test func onlyWholeSHA256IsVersionZero() throws {
        let short = try Multihash(code: .sha256, digest: [UInt8](repeating: 0, count: 20))
        #expect(throws: MultiformatsError(.cid, "")) { try CID(v0: short) }
    }

    @Test(arguments: ["", "Qm", "b", "bafy", "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1", "f025500", "f"])
    func invalidTextsAreRefused(text: String) {
        #expect(throws: MultiformatsError.self) { try CID(text) }
    }

    @Test func longTextsAreRefused() {
        let text = "f0155" + String(repeating: "0", count: CID.maxTextLength)
        #expect(throws: MultiformatsError(.tooLong, "")) { try CID(text) }
    }

    @Test func mutatedBytesAreReadOrRefused() throws {
        var random = SeededGenerator(seed: 5)
        for vector in try MultiformatsVectors.load().cid {
            for mutation in random.mutations(of: try hex(vector.bytesHex), count: 200) {
                guard let cid = try? CID(bytes: mutation) else { continue }
                #expect(cid.bytes == mutation)
                #expect(try CID(cid.description) == cid)
            }
        }
    }
}
