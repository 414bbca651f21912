import Multiformats
import NIOCore

/// A block that is waited for: by whom, and where it is looked for.
struct Fetch {
    let cid: CID
    let since: NIODeadline
    var hunt: BlockHunt
    /// Those who wait.
    var waiters: [UInt64: Waiter] = [:]
    /// Whether peers that connect are asked too.
    var asksConnectedPeers = false
    /// The searches for providers that go on.
    var searches: [UInt64: Task<Void, Never>] = [:]

    struct Waiter {
        /// The CID under which it asked.
        let cid: CID
        let continuation: CheckedContinuation<Block, any Error>
    }
}
