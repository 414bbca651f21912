import LibP2PCore
import NIOCore

/// The side that faces Core's connection and streams.
extension MuxerShell {
    func start(for connection: Connection) { begin(for: connection) }

    func openStream() throws -> Stream {
        guard !hasEnded, connection != nil else {
            throw NetworkError(.closed, "The connection has ended or has not begun.")
        }
        let handle: StreamHandle
        do throws(MuxerError) { handle = try session.open() } catch { throw error.networkError }
        guard let stream = makeStream(handle, direction: .outbound) else {
            throw NetworkError(.closed, "The connection has ended.")
        }
        scheduleFlush()
        return stream
    }

    func outputReady(_ stream: Stream) {
        guard let handle = places.handle(of: stream) else { return }
        session.setQueued(stream.pendingOutput, on: handle)
        if case .finished = stream.output { session.finish(handle) }
        if session.hasOutput { scheduleFlush() }
    }

    func inputConsumed(_ stream: Stream, byteCount: Int) {
        guard let handle = places.handle(of: stream) else { return }
        session.consume(byteCount, on: handle)
        checkSession()
    }

    func reset(_ stream: Stream, code: UInt32) {
        guard let handle = places.handle(of: stream) else { return }
        session.reset(handle)
        release(handle)
        checkSession()
    }

    func close(_ reason: CloseReason) {
        guard !hasEnded else { return }
        session.goAway(reason)
        endWithFarewell(NetworkError(.closed, "The connection was closed by this node."))
    }

    /// Tells the connection that all is over, once.
    func end(_ error: NetworkError) {
        guard !hasEnded else { return }
        hasEnded = true
        cancelTimers()
        let streams = places.removeAll()
        let connection = self.connection
        self.connection = nil
        for stream in streams { stream.receiveFailure(error) }
        connection?.muxerClosed(error)
    }

    /// Makes Core's stream for a stream of the session.
    func makeStream(_ handle: StreamHandle, direction: Stream.Direction) -> Stream? {
        guard let connection, let number = session.number(of: handle) else { return nil }
        let stream = Stream(
            id: number, direction: direction, connection: connection, muxer: self, slot: handle.slot)
        places.insert(stream, at: handle)
        return stream
    }

    /// Forgets a stream that the session has forgotten.
    func release(_ handle: StreamHandle) {
        guard let stream = places[handle] else { return }
        places.remove(handle)
        connection?.muxerReleased(stream)
    }
}
