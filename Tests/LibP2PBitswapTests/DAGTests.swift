import LibP2PTesting
import Multiformats
import NIOCore
import Testing
import Wire

@testable import LibP2PBitswap

struct DAGTests {
    /// A dag-pb node with links to some blocks.
    private func node(_ children: [Block], _ salt: UInt8 = 0) throws -> Block {
        var writer = ProtobufWriter()
        for child in children {
            writer.message(2) { link in
                link.bytes(1, child.cid.bytes)
                link.string(2, "")
            }
        }
        writer.bytes(1, [salt])
        return try Block(Array(writer.finish().readableBytesView), codec: .dagPB)
    }

    private func leaf(_ number: UInt8) throws -> Block { try Block([number]) }

    /// Walks with all blocks at hand.
    private func walk(
        _ root: Block, _ blocks: [Block], depth: Int?, isUnique: Bool = false, limits: DAGWalk.Limits = .init()
    ) throws -> (told: [CID], fetched: [CID]) {
        var walk = DAGWalk(root: root.cid, depth: depth, isUnique: isUnique, limits: limits)
        let all = Dictionary(([root] + blocks).map { ($0.cid, $0) }) { first, _ in first }
        var (told, fetched): ([CID], [CID]) = ([], [])
        while let step = try walk.next() {
            switch step {
            case .link(let reference): told.append(reference.link.cid)
            case .fetch(let cid):
                fetched.append(cid)
                #expect(walk.upcoming(1) == [cid])
                try walk.take(try #require(all[cid]))
            }
        }
        return (told, fetched)
    }

    // MARK: Links

    @Test func readsTheLinksOfTheVectors() throws {
        for (name, node) in try BitswapVectors.load().dag_pb {
            let links = try Block(node.hex.bytes, codec: .dagPB).links()
            #expect(links.map(\.cid.bytes) == node.links_hex.map(\.bytes), "\(name)")
            #expect(links.map(\.name) == node.names, "\(name)")
        }
    }

    @Test func readsTheLinksOfCBOR() throws {
        let vectors = try BitswapVectors.load()
        func link(_ cid: CID) -> [UInt8] { [0xd8, 0x2a, 0x58, UInt8(cid.bytes.count + 1), 0] + cid.bytes }
        let (v0, v1) = (try vectors.v0, try vectors.v1)
        // {"a": [link, {"b": link}], "c": 1.5, "d": h'd82a', "e": null}
        let bytes: [UInt8] =
            [0xa4, 0x61, 0x61, 0x82] + link(v1) + [0xa1, 0x61, 0x62] + link(v0)
            + [0x61, 0x63, 0xfb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0x61, 0x64, 0x42, 0xd8, 0x2a, 0x61, 0x65, 0xf6]
        #expect(try Block(bytes, codec: .dagCBOR).links() == [DAGLink(v1), DAGLink(v0)])
        #expect(try Block(link(v1), codec: .dagCBOR).links() == [DAGLink(v1)])
        #expect(try Block([0x80], codec: .dagCBOR).links() == [])
    }

    @Test func refusesWhatIsNotOfItsCodec() throws {
        let cbor = [
            "", "8201", "9f01ff", "9bffffffffffffffff", "bb8000000000000000", "5bffffffffffffffff01", "d82b00",
            "d82a01", "d82a4101", "d82a420001", "0000", "d82a", "1f",
        ]
        for bytes in try cbor.map(hex) {
            #expect(throws: BitswapError(.malformedBlock, ""), "\(bytes)") {
                try Block(bytes, codec: .dagCBOR).links()
            }
        }
        for bytes in try ["12020800", "1200", "ff", "1a00", "12040a020102"].map(hex) {
            #expect(throws: BitswapError(.malformedBlock, ""), "\(bytes)") { try Block(bytes, codec: .dagPB).links() }
        }
        #expect(throws: BitswapError(.malformedBlock, "")) { try Block([1], codec: .dagJSON).links() }
        #expect(try Block([0xff], codec: .raw).links() == [])
    }

    @Test func depthOfNestingCostsNothing() throws {
        // A million lists, one in the other.
        let nested = [UInt8](repeating: 0x81, count: 1_000_000) + [0x00]
        #expect(try Block(nested, codec: .dagCBOR).links() == [])
        let lists = [0x9a, 0x00, 0x10, 0x00, 0x00] + [UInt8](repeating: 0x80, count: 1 << 20)
        #expect(try Block(lists, codec: .dagCBOR).links() == [])
    }

    @Test func linksOfOneBlockAreBounded() throws {
        let link: [UInt8] = [0xd8, 0x2a, 0x45, 0, 1, 0x55, 0, 0]
        let list = [UInt8](repeating: 0x9f, count: 0) + [0x9a, 0, 1, 0, 1] + (0..<65_537).flatMap { _ in link }
        #expect(throws: BitswapError(.malformedBlock, "")) { try Block(list, codec: .dagCBOR).links() }
    }

    @Test func survivesChangedBytes() throws {
        let vectors = try BitswapVectors.load()
        var readable = 0
        for (seed, node) in vectors.dag_pb.values.sorted(by: { $0.hex.bytes.count < $1.hex.bytes.count }).enumerated() {
            for bytes in mutants(of: node.hex.bytes, seed: UInt64(seed), count: 300) {
                for codec in [Multicodec.dagPB, .dagCBOR] {
                    if (try? Block(bytes, codec: codec).links()) != nil { readable += 1 }
                }
            }
        }
        #expect(readable > 50)
    }

    // MARK: Walks

    @Test func tellsTheRootsLinksOnly() throws {
        let leaves = try (1...3).map(leaf)
        let root = try node(leaves)
        let (told, fetched) = try walk(root, leaves, depth: 1)
        #expect(told == leaves.map(\.cid))
        #expect(fetched == [root.cid])
        #expect(try walk(try leaf(9), [], depth: 1).told.isEmpty)
    }

    @Test func goesThroughAllInOrder() throws {
        let leaves = try (1...4).map(leaf)
        let left = try node([leaves[0], leaves[1]])
        let right = try node([leaves[2], leaves[1], leaves[3]])
        let root = try node([left, right])
        let all = [left] + leaves + [right]
        let whole = try walk(root, all, depth: nil)
        #expect(
            whole.told
                == [left, leaves[0], leaves[1], right, leaves[2], leaves[1], leaves[3]].map(\.cid))
        // Leaves are fetched too: that is what a preload is for.
        #expect(whole.fetched == [root.cid] + whole.told)
        let unique = try walk(root, all, depth: nil, isUnique: true)
        #expect(unique.told == [left, leaves[0], leaves[1], right, leaves[2], leaves[3]].map(\.cid))
        #expect(unique.fetched.count == 7)
        let shallow = try walk(root, all, depth: 2)
        #expect(shallow.told == whole.told)
        #expect(shallow.fetched == [root, left, right].map(\.cid))
    }

    @Test func endsWithinItsBounds() throws {
        // 40 nodes, each linking twice to the one below: 2^40 paths.
        var nodes = [try leaf(0)]
        for salt in 1...40 { nodes.append(try node([nodes[salt - 1], nodes[salt - 1]], UInt8(salt))) }
        let bomb = nodes[40]
        #expect(throws: BitswapError(.limitReached, "")) { try walk(bomb, nodes, depth: nil) }
        #expect(try walk(bomb, nodes, depth: nil, isUnique: true).told.count == 40)

        var limits = DAGWalk.Limits()
        limits.depth = 39
        #expect(throws: BitswapError(.limitReached, "")) {
            try walk(bomb, nodes, depth: nil, isUnique: true, limits: limits)
        }
        limits = DAGWalk.Limits()
        limits.bytes = 1000
        #expect(throws: BitswapError(.limitReached, "")) {
            try walk(bomb, nodes, depth: nil, isUnique: true, limits: limits)
        }
        limits = DAGWalk.Limits()
        limits.links = 2
        let wide = try node(try (1...3).map(leaf))
        #expect(throws: BitswapError(.limitReached, "")) { try walk(wide, [], depth: 1, limits: limits) }
    }

    @Test func takesTheBlockThatIsNeededOnly() throws {
        var walk = DAGWalk(root: try leaf(1).cid, depth: 1)
        #expect(throws: BitswapError(.wrongBlock, "")) { try walk.take(try leaf(2)) }
        #expect(try walk.next() == .fetch(leaf(1).cid))
        try walk.take(try leaf(1))
        #expect(try walk.next() == nil)
        #expect(throws: BitswapError(.wrongBlock, "")) { try walk.take(try leaf(1)) }
    }

    @Test func tellsWhatWillBeNeeded() throws {
        let leaves = try (1...3).map(leaf)
        let root = try node(leaves)
        var walk = DAGWalk(root: root.cid, depth: nil)
        try walk.take(root)
        #expect(walk.upcoming(2) == [leaves[0].cid, leaves[1].cid])
        #expect(walk.upcoming(9) == leaves.map(\.cid))
        var flat = DAGWalk(root: root.cid, depth: 1)
        try flat.take(root)
        #expect(flat.upcoming(9) == [])
    }
}
