import LibP2PTesting
import Multiformats
import Testing

@testable import LibP2PBitswap

struct BlockTests {
    @Test func verifiesByTheHashItsNameTells() throws {
        let vectors = try BitswapVectors.load()
        let hello = vectors.blocks.hello_hex.bytes
        for cid in [try vectors.v0, try vectors.v1] {
            #expect(try Block(cid: cid, verifying: hello).data == hello)
            #expect(throws: BitswapError(.wrongBlock, "")) { try Block(cid: cid, verifying: hello + [0]) }
        }
        #expect(try Block(hello).cid == vectors.v1)
        // Known answers of SHA-1 and SHA-512 of "abc" (FIPS 180).
        let abc = Array("abc".utf8)
        let sha1 = try Multihash(code: .sha1, digest: hex("a9993e364706816aba3e25717850c26c9cd0d89d"))
        #expect(try Block(cid: CID(codec: .raw, multihash: sha1), verifying: abc).data == abc)
        let sha512 = try Multihash(
            code: .sha512,
            digest: hex(
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                    + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"))
        #expect(try Block(cid: CID(codec: .raw, multihash: sha512), verifying: abc).data == abc)
        #expect(BlockHash.canVerify(sha1) && BlockHash.canVerify(sha512))
    }

    @Test func refusesHashesThatProveNothing() throws {
        let short = try Multihash(code: .sha256, digest: [UInt8](repeating: 1, count: 8))
        let unknown = try Multihash(code: .blake3, digest: [UInt8](repeating: 1, count: 32))
        for hash in [short, unknown] {
            #expect(!BlockHash.canVerify(hash))
            #expect(throws: BitswapError(.unsupportedHash, "")) {
                try Block(cid: CID(codec: .raw, multihash: hash), verifying: [1])
            }
        }
    }

    @Test func hasALargestSize() throws {
        let largest = [UInt8](repeating: 7, count: Block.maxSize)
        #expect(try Block(largest).data.count == Block.maxSize)
        #expect(throws: BitswapError(.blockTooLarge, "")) { try Block(largest + [7]) }
    }

    @Test func readsBlocksThatAreInTheirNames() throws {
        let cid = CID(codec: .raw, multihash: try .identity([1, 2, 3]))
        #expect(Block(inlinedIn: cid)?.data == [1, 2, 3])
        #expect(Block(inlinedIn: try BitswapVectors.load().v1) == nil)
    }

    @Test func aPrefixNamesTheSameBlock() throws {
        let vectors = try BitswapVectors.load()
        for cid in [try vectors.v0, try vectors.v1] {
            let prefix = CIDPrefix(cid)
            #expect(CIDPrefix(bytes: prefix.bytes) == prefix)
            #expect(try Block(vectors.blocks.hello_hex.bytes, prefix: prefix).cid == cid)
        }
        #expect(CIDPrefix(bytes: [2, 0x55, 0x12, 0x20]) == nil)
        #expect(CIDPrefix(bytes: [1, 0x55, 0x12]) == nil)
        #expect(CIDPrefix(bytes: [1, 0x55, 0x12, 0x20, 0]) == nil)
        #expect(CIDPrefix(bytes: [1, 0x55, 0x12, 0xff, 0x7f]) == nil)
        // A version 0 CID can't have another hash.
        let wrong = try #require(CIDPrefix(bytes: [0, 0x70, 0x13, 0x40]))
        #expect(throws: BitswapError(.wrongBlock, "")) { try Block([1], prefix: wrong) }
    }

    @Test func storesDisplaceTheOldest() async throws {
        let store = MemoryBlockStore(limit: 250)
        let blocks = try (0..<3).map { try Block([UInt8](repeating: $0, count: 100)) }
        try await store.keep(blocks[0])
        try await store.keep(blocks[1])
        try await store.keep(blocks[0])
        try await store.keep(blocks[2])
        #expect(await store.block(blocks[0].cid) == blocks[0])
        #expect(await store.size(of: blocks[1].cid) == nil)
        #expect(await store.size(of: blocks[2].cid) == 100)
        await #expect(throws: BitswapError(.limitReached, "")) {
            try await store.keep(Block([UInt8](repeating: 9, count: 251)))
        }
    }
}
