public import Multiformats

/// Goes through the blocks below a root in the order of their links, each before what it links to: which block is needed
/// next, and which links are to be told. A value without I/O.
///
/// ```swift
/// var walk = DAGWalk(root: cid, depth: nil)
/// while let step = try walk.next() {
///     switch step {
///     case .fetch(let cid): try walk.take(try await bitswap.block(cid))
///     case .link(let reference): print(reference.link.cid)
///     }
/// }
/// ```
/// What strangers name can be built to be endless in effect: a few blocks that link to each other twice make more paths
/// than there is time. So everything is bounded.
public struct DAGWalk: Sendable {
    /// The bounds of a walk.
    public struct Limits: Sendable, Hashable {
        /// Links from the root to a block. UnixFS trees of the usual width have less than 10.
        public var depth = 64
        /// Blocks that are needed; one that is needed again counts again.
        public var blocks = 16_384
        /// Bytes of those blocks.
        public var bytes = 1 << 30
        /// Links that are told.
        public var links = 262_144

        /// The defaults.
        public init() {}
    }

    /// A link that was come upon.
    public struct Reference: Sendable, Hashable {
        /// The block that holds the link.
        public let parent: CID
        /// Where it leads.
        public let link: DAGLink
        /// Links from the root to there; 1 for the root's own.
        public let depth: Int
    }

    /// What is to be done.
    public enum Step: Sendable, Hashable {
        /// The block is needed: hand it to ``take(_:)``.
        case fetch(CID)
        /// A link to be told.
        case link(Reference)
    }

    private let limits: Limits
    /// How deep links are told; what lies deeper is not looked at.
    private let depth: Int
    private let isUnique: Bool
    /// What is still to be visited, the next last.
    private var pending: [Reference] = []
    /// The block that is needed now, with its depth.
    private var wanted: (cid: CID, depth: Int)?
    /// At which depth each block was seen.
    private var seen: [CID: Int] = [:]
    private var blockCount = 0
    private var byteCount = 0
    private var linkCount = 0

    /// Begins a walk.
    ///
    /// - Parameters:
    ///   - depth: how deep links are told; 1 for those of the root only, nil for all.
    ///   - isUnique: whether a block is told, and visited, once only.
    public init(root: CID, depth: Int?, isUnique: Bool = false, limits: Limits = Limits()) {
        self.limits = limits
        self.depth = depth ?? .max
        self.isUnique = isUnique
        wanted = (root, 0)
    }

    /// What is to be done next; nil at the end. While a block is needed it is the same each time.
    ///
    /// - Throws: ``BitswapError`` with code ``BitswapError/Code/limitReached``.
    public mutating func next() throws(BitswapError) -> Step? {
        if let wanted { return .fetch(wanted.cid) }
        while let reference = pending.popLast() {
            let (isTold, goesDeeper) = visit(reference)
            if goesDeeper {
                guard reference.depth < limits.depth else {
                    throw BitswapError(.limitReached, "the blocks are nested more than \(limits.depth) deep")
                }
                guard blockCount < limits.blocks else {
                    throw BitswapError(.limitReached, "there are more than \(limits.blocks) blocks")
                }
                wanted = (reference.link.cid, reference.depth)
            }
            if isTold {
                linkCount += 1
                guard linkCount <= limits.links else {
                    throw BitswapError(.limitReached, "there are more than \(limits.links) links")
                }
                return .link(reference)
            }
            if let wanted { return .fetch(wanted.cid) }
        }
        return nil
    }

    /// Whether a link is told, and whether its block is needed.
    private mutating func visit(_ reference: Reference) -> (isTold: Bool, goesDeeper: Bool) {
        guard reference.depth <= depth else { return (false, false) }
        let goesDeeper = reference.depth < depth
        guard isUnique else { return (true, goesDeeper) }
        let cid = reference.link.cid
        let before = seen[cid]
        if let before, before <= reference.depth { return (false, false) }
        seen[cid] = reference.depth
        // Nearer to the root than before: with a bounded depth more of what is below it can be told.
        return (before == nil, goesDeeper && (before == nil || depth != .max))
    }

    /// Takes the block that is needed.
    ///
    /// - Throws: ``BitswapError``: `.malformedBlock`, `.wrongBlock` when it is not the one, `.limitReached`.
    public mutating func take(_ block: Block) throws(BitswapError) {
        guard let wanted, wanted.cid.multihash == block.cid.multihash, let block = block.renamed(wanted.cid) else {
            throw BitswapError(.wrongBlock, "\(block.cid) is not the block that is needed")
        }
        self.wanted = nil
        blockCount += 1
        byteCount += block.data.count
        guard byteCount <= limits.bytes else {
            throw BitswapError(.limitReached, "the blocks have more than \(limits.bytes) bytes")
        }
        guard wanted.depth < depth else { return }
        let links = try block.links()
        guard pending.count + links.count <= limits.links else {
            throw BitswapError(.limitReached, "there are more than \(limits.links) links")
        }
        for link in links.reversed() {
            pending.append(Reference(parent: wanted.cid, link: link, depth: wanted.depth + 1))
        }
    }

    /// Blocks that will be needed soon, the next first: to be fetched while others are looked at.
    ///
    /// It is a guess: some of them may turn out not to be needed.
    public func upcoming(_ count: Int) -> [CID] {
        var cids: [CID] = wanted.map { [$0.cid] } ?? []
        for reference in pending.reversed() {
            guard cids.count < count else { break }
            if reference.depth < depth, !(isUnique && seen[reference.link.cid] != nil) {
                cids.append(reference.link.cid)
            }
        }
        return cids
    }
}
