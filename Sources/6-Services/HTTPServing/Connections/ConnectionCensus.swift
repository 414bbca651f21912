import LibP2PCore
import Multiformats
import NIOCore
import Synchronization

/// Counts a server's connections, in all and by address, and refuses those beyond its limits.
final class ConnectionCensus: Sendable {
    /// Why a connection is refused.
    enum Refusal: String, Error {
        case total, perIP = "per_ip", draining
    }

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
        var perIP: [IPAddress: Int] = [:]
        var isDraining = false
        var emptied: EventLoopPromise<Void>?
    }

    private let total: Int?
    private let perIP: Int?
    private let isSpared: @Sendable (IPAddress) -> Bool
    private let state = Mutex(State())

    init(total: Int?, perIP: Int?, isSpared: @escaping @Sendable (IPAddress) -> Bool) {
        self.total = total
        self.perIP = perIP
        self.isSpared = isSpared
    }

    var count: Int { state.withLock { $0.channels.count } }

    /// Takes a place for the connection, or says why there is none.
    func admit(_ channel: any Channel) -> Result<Place, Refusal> {
        let source = channel.remoteAddress?.plainIPAddress
        let counted = source.flatMap { isSpared($0) ? nil : $0.customer }
        let refusal: Refusal? = state.withLock { state in
            if state.isDraining { return .draining }
            if let total, state.channels.count >= total { return .total }
            if let counted, let perIP, state.perIP[counted, default: 0] >= perIP { return .perIP }
            state.channels[ObjectIdentifier(channel)] = channel
            if let counted { state.perIP[counted, default: 0] += 1 }
            return nil
        }
        if let refusal { return .failure(refusal) }
        let place = Place { [self] in leave(ObjectIdentifier(channel), counted) }
        channel.closeFuture.whenComplete { _ in place.release() }
        return .success(place)
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

    private func leave(_ channel: ObjectIdentifier, _ counted: IPAddress?) {
        let emptied: EventLoopPromise<Void>? = state.withLock { state in
            state.channels[channel] = nil
            if let counted, let count = state.perIP[counted] {
                state.perIP[counted] = count > 1 ? count - 1 : nil
            }
            guard state.channels.isEmpty else { return nil }
            defer { state.emptied = nil }
            return state.emptied
        }
        emptied?.succeed()
    }
}
