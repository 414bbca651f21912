import LibP2PCore
import LibP2PIdentity
import NIOCore
import Synchronization

/// Wakes those who wait for a direct connection to a peer, whoever dials it.
final class DirectArrivals: Sendable {
    private struct State: Sendable {
        var waiting: [UInt64: (peer: PeerID, promise: EventLoopPromise<Void>)] = [:]
        var nextNumber: UInt64 = 0
    }

    private let state = Mutex(State())

    /// A direct connection to a peer is there.
    func arrived(_ peer: PeerID) {
        let promises = state.withLock { $0.waiting.values.filter { $0.peer == peer }.map(\.promise) }
        for promise in promises { promise.succeed(()) }
    }

    /// Waits until a direct connection is there, but no longer than `limit`, or until the task is cancelled.
    ///
    /// - Parameter isThere: whether there is one already.
    func wait(for peer: PeerID, within limit: Duration, on executor: LoopExecutor, isThere: () -> Bool) async {
        let promise = executor.loop.makePromise(of: Void.self)
        let number = state.withLock { state in
            defer { state.nextNumber += 1 }
            state.waiting[state.nextNumber] = (peer, promise)
            return state.nextNumber
        }
        let timer = executor.schedule(after: limit) { promise.succeed(()) }
        // Looked at after the entry: it may have come before.
        if isThere() { promise.succeed(()) }
        await withTaskCancellationHandler {
            try? await promise.futureResult.get()
        } onCancel: {
            promise.succeed(())
        }
        timer.cancel()
        state.withLock { _ = $0.waiting.removeValue(forKey: number) }
    }
}
