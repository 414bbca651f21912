import LibP2PCore
import LibP2PTransports
import NIOCore

/// A connection to a peer inside a stream to a relay.
enum CircuitChannel {
    /// Secures and multiplexes a stream as if it were a socket, and waits until the connection in it has ended.
    ///
    /// Bytes go as they are between the stream and the channel, and no faster than the other side takes them.
    ///
    /// - Parameters:
    ///   - stream: both sides have agreed on the circuit; nothing else reads or writes it any more.
    ///   - promise: is told the connection, or why there is none.
    static func carry(
        _ stream: Stream, as end: ConnectionEnd, upgrader: any ConnectionUpgrader,
        promise: EventLoopPromise<Connection>? = nil
    ) async throws {
        let channel = PipeChannel(StreamPipe(stream), on: end.executor.loop)
        let upgraded = upgrader.upgrade(channel, end)
        upgraded.cascade(to: promise)
        channel.activate()
        try await channel.closeFuture.get()
    }
}
