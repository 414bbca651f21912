import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore
import NIOPosix
import Synchronization

/// A dial over TCP under way, which can be given up until there is a connection.
final class SocketDial: Sendable {
    private struct State {
        var channel: (any Channel)?
        var isCancelled = false
    }

    private let state = Mutex(State())
    private let promise: EventLoopPromise<Connection>
    private let executor: LoopExecutor

    private init(on executor: LoopExecutor) {
        self.executor = executor
        promise = executor.loop.makePromise(of: Connection.self)
        // From then on the channel is the connection's: whoever learns of that elsewhere, and gives up the dials of the
        // same peer that are still under way, must not close what he has just been told of.
        promise.futureResult.whenComplete { _ in self.state.withLock { $0.channel = nil } }
    }

    /// Connects a socket.
    ///
    /// - Parameters:
    ///   - address: starts with an IP address and a TCP port.
    ///   - begin: takes the channel over on its loop before it is active, and completes the promise. When it throws the
    ///     channel is closed.
    /// - Throws: ``NetworkError``, or what the promise is failed with.
    static func run(
        _ address: Multiaddr, expecting peer: PeerID?, options: SocketOptions, on executor: LoopExecutor,
        begin: @escaping @Sendable (any Channel, ConnectionEnd, EventLoopPromise<Connection>) throws -> Void
    ) async throws -> Connection {
        guard let target = address.socketAddress else {
            throw NetworkError(.unsupportedAddress, "\(address) is not a TCP address.")
        }
        guard let bootstrap = ClientBootstrap(validatingGroup: executor.loop) else {
            throw NetworkError(.misuse, "TCP needs the event loops of NIOPosix, not \(executor.loop).")
        }
        let dial = SocketDial(on: executor)
        let promise = dial.promise
        bootstrap
            .connectTimeout(TimeAmount(options.connectTimeout))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try dial.hold(channel)
                    try options.apply(to: channel)
                    let end = ConnectionEnd(
                        role: .dialer, executor: executor, localAddress: address, remoteAddress: address,
                        expectedPeer: peer)
                    try begin(channel, end, promise)
                }
            }
            .connect(to: target)
            .whenFailure { promise.fail(NetworkError.connecting(to: address, $0)) }
        return try await withTaskCancellationHandler {
            try await promise.futureResult.get()
        } onCancel: {
            dial.cancel(address)
        }
    }

    private func hold(_ channel: any Channel) throws {
        try state.withLock { state throws(NetworkError) in
            if state.isCancelled { throw NetworkError(.cancelled, "The dial was cancelled.") }
            state.channel = channel
        }
    }

    private func cancel(_ address: Multiaddr) {
        state.withLock { $0.isCancelled = true }
        executor.loop.execute {
            let channel = self.state.withLock { $0.channel }
            // The promise first: closing the channel would fail it with another reason.
            self.promise.fail(NetworkError(.cancelled, "The dial of \(address) was cancelled."))
            channel?.close(promise: nil)
        }
    }
}
