import LibP2PBitswap
import LibP2PCore
import Multiformats

/// Walks the blocks below a root as far as its reader goes, and fetches the next ones meanwhile.
actor DAGWalker {
    enum Next: Sendable {
        case link(DAGWalk.Reference)
        /// A block could not be had: the walk ends here.
        case failed(any Error)
        case end
    }

    nonisolated let executor: LoopExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private var walk: DAGWalk
    private let ahead: Int
    private let fetch: @Sendable (CID) async throws -> Block
    /// Blocks that are on their way, or here before they are needed.
    private var coming: [CID: Task<Block, any Error>] = [:]
    private var isOver = false

    /// - Parameters:
    ///   - ahead: blocks that are fetched at a time.
    init(
        _ walk: DAGWalk, on executor: LoopExecutor, ahead: Int, fetch: @escaping @Sendable (CID) async throws -> Block
    ) {
        self.walk = walk
        self.executor = executor
        self.ahead = ahead
        self.fetch = fetch
    }

    /// Goes on to the next link.
    func next() async -> Next {
        do {
            while !isOver, let step = try walk.next() {
                switch step {
                case .link(let reference): return .link(reference)
                case .fetch(let cid): try walk.take(try await block(cid))
                }
            }
            cancel()
            return .end
        } catch {
            cancel()
            return .failed(error)
        }
    }

    /// Ends the walk, and what is fetched for it.
    func cancel() {
        isOver = true
        for task in coming.values { task.cancel() }
        coming = [:]
    }

    private func block(_ cid: CID) async throws -> Block {
        let fetch = fetch
        for next in walk.upcoming(ahead) where coming[next] == nil && coming.count < 2 * ahead {
            coming[next] = executor.spawnResult { try await fetch(next) }
        }
        guard let task = coming.removeValue(forKey: cid) else { return try await fetch(cid) }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}
