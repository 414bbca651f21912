/// What bitswap has done since it was made, and what it holds.
public struct BitswapStatistics: Sendable, Hashable {
    /// Wanted blocks that came and were verified.
    public var receivedBlocks = 0
    /// The bytes of those.
    public var receivedBytes = 0
    /// Blocks that came though nobody waited for them (any more).
    public var unwantedBlocks = 0
    /// Blocks that were not what was asked for, or could not be verified.
    public var refusedBlocks = 0
    /// Blocks that were sent.
    public var sentBlocks = 0
    /// The bytes of those.
    public var sentBytes = 0
    /// Wants of others that were dropped because there were too many.
    public var droppedWants = 0
    /// Blocks that are being fetched now.
    public var fetches = 0
    /// Peers with which something is under way now.
    public var partners = 0
}
