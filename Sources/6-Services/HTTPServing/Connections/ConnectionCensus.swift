import LibP2PCore
import Multiformats
import NIOCore
import Synchronization

/// Knows a server's connections, and refuses those beyond its caps.
final class ConnectionCensus: Sendable {
    /// A connection's place; given back once.
    final class Place: Sendable {
        private let leave: Mutex<(@Sendable () -> Void)?>

        init(_ leave: @escaping @Sendable () -> Void) {
            self.leave = Mutex(leave)
        }

        /// Gives the place back. Calling it again does nothing.
        func release() {
            let leave = leave.withLock { leave in
                defer { leave = nil }
                return leave
            }
            leave?()
        }
    }

    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isDraining = false
        var emptied: EventLoopPromise<Void>?
    }

    private let caps: ConnectionCaps
    private let state = Mutex(State())

    init(_ caps: ConnectionCaps) {
        self.caps = caps
    }

    var count: Int { state.withLock { $0.channels.count } }

    /// Takes a place for the connection, or says why there is none.
    func admit(_ channel: any Channel) -> Result<Place, ConnectionCaps.Refusal> {
        caps.enter(from: channel.remoteAddress?.plainIPAddress).flatMap { leave in
            let isDraining = state.withLock { state in
                if !state.isDraining { state.channels[ObjectIdentifier(channel)] = channel }
                return state.isDraining
            }
            guard !isDraining else {
                leave()
                return .failure(.draining)
            }
            let place = Place { [self] in
                leave()
                forget(ObjectIdentifier(channel))
            }
            channel.closeFuture.whenComplete { _ in place.release() }
            return .success(place)
        }
    }

    /// Refuses newcomers, and tells the others to finish.
    func drain() {
        let channels = state.withLock { state in
            state.isDraining = true
            return Array(state.channels.values)
        }
        for channel in channels {
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
    }

    /// Cuts all connections off.
    func closeAll() {
        for channel in state.withLock({ Array($0.channels.values) }) {
            channel.close(promise: nil)
        }
    }

    /// Waits until the last connection is gone.
    func waitUntilEmpty(on executor: LoopExecutor) async {
        let promise = executor.loop.makePromise(of: Void.self)
        let isEmpty = state.withLock { state in
            if !state.channels.isEmpty { state.emptied = promise }
            return state.channels.isEmpty
        }
        if isEmpty { promise.succeed() }
        try? await promise.futureResult.get()
    }

    private func forget(_ channel: ObjectIdentifier) {
        let emptied: EventLoopPromise<Void>? = state.withLock { state in
            state.channels[channel] = nil
            guard state.channels.isEmpty else { return nil }
            defer { state.emptied = nil }
            return state.emptied
        }
        emptied?.succeed()
    }
}
