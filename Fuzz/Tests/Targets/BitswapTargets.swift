import Multiformats
import NIOCore
import Wire

@testable import LibP2PBitswap

extension FuzzTarget {
    static let bitswap = [
        FuzzTarget("bitswap", cost: 4, check: message),
        FuzzTarget("dag-pb") { try links(of: $0, .dagPB) },
        FuzzTarget("dag-cbor") { try links(of: $0, .dagCBOR) },
        FuzzTarget("cid-prefix") { input in
            guard let prefix = CIDPrefix(bytes: input) else { return false }
            try requireEqual(CIDPrefix(bytes: prefix.bytes), prefix, "a prefix through its bytes")
            _ = try? Block(input, prefix: prefix)
            return true
        },
    ]

    private static func message(_ input: [UInt8]) throws -> Bool {
        guard let message = try? BitswapMessage(protobuf: input) else { return false }
        try require(message.wants.count <= BitswapMessage.maxWants, "wants are bounded")
        try require(message.blocks.count <= BitswapMessage.maxBlocks, "blocks are bounded")
        try require(message.presences.count <= BitswapMessage.maxPresences, "presences are bounded")
        try requireEqual(try BitswapMessage(protobuf: message.protobufBytes()), message, "a message through its bytes")
        for version in BitswapVersion.allCases {
            let limited = message.limited(to: version)
            try requireEqual(
                try BitswapMessage(protobuf: limited.protobufBytes()), limited, "what \(version) can say")
        }
        for payload in message.blocks {
            // What can be named has the name that it says.
            guard let block = try? payload.block() else { continue }
            try requireEqual(try Block(cid: block.cid, verifying: block.data), block, "a block by its name")
        }
        var queue = ServingQueue(limit: 8, parkingLimit: 4)
        _ = queue.apply(message.wants, isFull: message.isFullWantlist)
        try require(queue.count <= 8, "what a peer wants is bounded")
        while let want = queue.next() { queue.park(want) }
        try require(queue.parkedCount <= 4, "what is remembered of a peer is bounded")
        return !message.isEmpty
    }

    private static func links(of input: [UInt8], _ codec: Multicodec) throws -> Bool {
        let block = try Block(input, codec: codec)
        guard let links = try? block.links() else { return false }
        try require(links.count <= input.count / 4, "a link takes room")
        var limits = DAGWalk.Limits()
        limits.links = 100
        var walk = DAGWalk(root: block.cid, depth: 1, limits: limits)
        guard (try? walk.take(block)) != nil else { return true }
        var count = 0
        while let step = try? walk.next() {
            guard case .link(let reference) = step else { throw BrokenRule("a flat walk needs no further block") }
            try requireEqual(reference.link, links[count], "links in their order")
            count += 1
        }
        try requireEqual(count, links.count, "all links are told")
        return true
    }
}
