public import LibP2PCore
public import NIOCore

/// A stream as a pipe, to put a connection inside another: on the stream's loop, by its callbacks, without a task.
public final class StreamPipe: BytePipe, StreamObserver {
    private let stream: Stream
    private var isClosed = false

    /// See ``BytePipe``.
    public weak var user: (any BytePipeUser)?

    /// Takes a stream over, whose protocol is agreed and read from already.
    public init(_ stream: Stream) {
        self.stream = stream
        stream.observer = self
    }

    /// See ``BytePipe``.
    public var input: Stream.Half { stream.input }

    /// See ``BytePipe``.
    public func takeInput() -> ByteBuffer? { stream.takeInput() }

    /// See ``BytePipe``.
    public func offer(_ bytes: ByteBuffer) throws -> Bool { try stream.offer(bytes) }

    /// See ``BytePipe``.
    public func finishOutput() { stream.closeWrite() }

    /// See ``BytePipe``. The stream is not reset: a relay on its way would throw away what is still to be delivered. If the
    /// other side does not end its direction, the connection resets the stream some time after its protocol has returned.
    public func close() {
        isClosed = true
        stream.closeWrite()
        while stream.takeInput() != nil {}
    }

    /// See `StreamObserver`.
    public func inputChanged(_ stream: Stream) {
        if isClosed { while stream.takeInput() != nil {} } else { user?.pipeInputChanged() }
    }

    /// See `StreamObserver`.
    public func outputChanged(_ stream: Stream) {
        if !isClosed { user?.pipeOutputChanged() }
    }
}
