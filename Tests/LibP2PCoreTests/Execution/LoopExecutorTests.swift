import LibP2PCore
import NIOCore
import NIOPosix
import Synchronization
import Testing

@Suite("Tasks of a loop")
struct LoopExecutorTests {
    /// Each turn of the one takes as long as answers to some dozens of requests; there are many.
    @Test func whoIsBusyLetsTheLoopGoOn() async throws {
        let executor = LoopExecutor(MultiThreadedEventLoopGroup.singleton.next())
        let (isBusy, turns) = (Flag(), 200)
        let busy = executor.spawnResult {
            for turn in 0..<turns {
                let start = ContinuousClock.now
                while ContinuousClock.now - start < .milliseconds(1) {}
                if turn == 1 { isBusy.set() }
                if isBusy.wasSeen { return turn }
                await Task.yield()
            }
            return turns
        }
        // From another thread: it can run only between two rounds of the loop.
        while !isBusy.isSet { await Task.yield() }
        executor.loop.execute { isBusy.see() }
        #expect(try await busy.value < turns)
    }

    private final class Flag: Sendable {
        private let state = Mutex((isSet: false, wasSeen: false))
        var isSet: Bool { state.withLock { $0.isSet } }
        var wasSeen: Bool { state.withLock { $0.wasSeen } }
        func set() { state.withLock { $0.isSet = true } }
        func see() { state.withLock { $0.wasSeen = true } }
    }
}
