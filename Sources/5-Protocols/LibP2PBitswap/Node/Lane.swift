import LibP2PCore
import NIOCore

/// The stream on which messages go to a peer. Its answers come on a stream of the peer's own, or, from py-libp2p, on this
/// one.
struct Lane: Sendable {
    /// Unique within the service.
    let id: UInt64
    let connection: Connection
    let stream: NIOLoopBound<Stream>
    let version: BitswapVersion

    /// Sends a message.
    ///
    /// - Throws: `NetworkError` when the stream fails, or takes longer than `limit`.
    func send(_ message: BitswapMessage, within limit: Duration) async throws {
        try await connection.write(message.limited(to: version).frame(), on: stream, within: limit)
    }

    /// Ends the stream: what was sent still arrives.
    func close() {
        let stream = stream
        connection.executor.loop.execute { stream.value.closeWrite() }
        connection.executor.schedule(after: Self.farewell) {
            stream.value.reset(NetworkError(.closed, "The stream is of no use any more."))
        }
    }

    /// How long the peer may take to end its side too.
    private static let farewell = Duration.seconds(5)
}

extension Connection {
    /// Writes on a stream that another task reads.
    func write(_ bytes: ByteBuffer, on stream: NIOLoopBound<Stream>, within limit: Duration) async throws {
        let timer = executor.schedule(after: limit) {
            stream.value.reset(NetworkError(.timeout, "The peer did not take a message within \(limit)."))
        }
        defer { timer.cancel() }
        try await stream.value.write(bytes)
    }
}
