public import Multiformats
import Synchronization

/// A block store in memory, for nodes without a disk and for tests. When it is full the oldest block goes.
public final class MemoryBlockStore: BlockStore {
    private struct State {
        var blocks: [Multihash: [UInt8]] = [:]
        var order: [Multihash] = []
        var byteCount = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    /// Makes a store.
    ///
    /// - Parameter limit: bytes that all blocks together may have.
    public init(limit: Int = 64 * 1024 * 1024) { self.limit = limit }

    /// See ``BlockStore``.
    public func size(of cid: CID) async -> Int? { state.withLock { $0.blocks[cid.multihash]?.count } }

    /// See ``BlockStore``.
    public func block(_ cid: CID) async -> Block? {
        guard let data = state.withLock({ $0.blocks[cid.multihash] }) else { return nil }
        return try? Block(cid: cid, verifying: data)
    }

    /// See ``BlockStore``.
    public func keep(_ block: Block) async throws {
        guard block.data.count <= limit else {
            throw BitswapError(.limitReached, "a block of \(block.data.count) bytes is over the store's \(limit)")
        }
        state.withLock { state in
            let hash = block.cid.multihash
            if let old = state.blocks[hash] {
                state.byteCount -= old.count
                state.order.removeAll { $0 == hash }
            }
            state.blocks[hash] = block.data
            state.order.append(hash)
            state.byteCount += block.data.count
            while state.byteCount > limit, !state.order.isEmpty {
                state.byteCount -= state.blocks.removeValue(forKey: state.order.removeFirst())?.count ?? 0
            }
        }
    }
}
