import LibP2PTesting
import Multiformats
import Testing

@Suite struct MultihashTests {
    @Test func vectorsParse() throws {
        let codes: [String: Multicodec] = ["sha1": .sha1, "sha2-256": .sha256, "sha2-512": .sha512]
        for vector in try MultiformatsVectors.load().multihash {
            let encoded = try hex(vector.multihashHex)
            let multihash = try Multihash(bytes: encoded)
            #expect(multihash.code == codes[vector.alg])
            #expect(multihash.digestLength == vector.bits / 8)
            #expect(multihash.digest == Array(encoded.dropFirst(2)))
            #expect(try Multihash(code: multihash.code, digest: multihash.digest) == multihash)
        }
    }

    @Test func namespacesHashToTheirCIDs() throws {
        for vector in try MultiformatsVectors.load().namespaceCids {
            let multihash = Multihash.sha256(of: vector.namespace.utf8)
            #expect(multihash.bytes == (try hex(vector.multihashHex)))
            #expect(try CID(v0: multihash).description == vector.cidV0)
            #expect(CID(codec: .raw, multihash: multihash).description == vector.cidV1RawBase32)
        }
    }

    @Test func wrongLengthsAreRefused() throws {
        let whole = Multihash.sha256(of: []).bytes
        let overlong: [UInt8] = [0x12, 0x21] + whole[2...] + [0]
        let wrongs: [[UInt8]] = [[], [0x12], whole.dropLast(), whole + [0], overlong]
        for wrong in wrongs {
            #expect(throws: MultiformatsError(.multihash, "")) { try Multihash(bytes: wrong) }
        }
        let long = [UInt8](repeating: 1, count: Multihash.maxDigestLength + 1)
        #expect(throws: MultiformatsError(.multihash, "")) { try Multihash.identity(long) }
        #expect(try Multihash.identity(long.dropLast()).digest == Array(long.dropLast()))
    }

    @Test func mutatedBytesAreReadOrRefused() throws {
        var random = SeededGenerator(seed: 4)
        for vector in try MultiformatsVectors.load().multihash.prefix(6) {
            for mutation in random.mutations(of: try hex(vector.multihashHex), count: 200) {
                guard let multihash = try? Multihash(bytes: mutation) else { continue }
                #expect(multihash.bytes == mutation)
                #expect(try Base58.decode(multihash.description) == mutation)
            }
        }
    }
}
