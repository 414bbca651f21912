import LibP2PCore
import NIOCore

/// A stream that a peer opened, as seen from other loops: it is read by ``PubSubHandler``, and ended here.
struct PeerInlet: Sendable {
    /// What carries it.
    let connection: Connection
    private let stream: NIOLoopBound<Stream>

    /// Called on the connection's loop.
    init(_ stream: Stream) {
        connection = stream.connection
        self.stream = NIOLoopBound(stream, eventLoop: stream.connection.executor.loop)
    }

    /// Ends the stream at once.
    func close() {
        connection.executor.loop.execute {
            stream.value.reset(NetworkError(.closed, "The node has no use for the stream any more."))
        }
    }
}
