public import Multiformats

/// Where blocks are kept. Blocks are found by their multihash: all CIDs of the same hash name the same block.
public protocol BlockStore: Sendable {
    /// The size of a block that is kept, in bytes; nil for one that is not.
    func size(of cid: CID) async -> Int?

    /// A block that is kept.
    func block(_ cid: CID) async -> Block?

    /// Keeps a block, which may displace others. One that is there already counts as new again.
    ///
    /// - Throws: ``BitswapError``, or what the storage throws when it can't be kept.
    func keep(_ block: Block) async throws
}
