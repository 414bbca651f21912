import DequeModule
import NIOCore

/// What a ``PipeChannel`` has to send: writes wait until they are flushed and the pipe has room.
struct PipeWriter {
    private struct Write {
        let bytes: ByteBuffer
        let promise: EventLoopPromise<Void>?
    }

    private var writes = Deque<Write>()
    private var flushedCount = 0
    private(set) var pendingBytes = 0

    /// Whether all flushed writes are gone.
    var isDrained: Bool { flushedCount == 0 }

    mutating func append(_ bytes: ByteBuffer, _ promise: EventLoopPromise<Void>?) {
        writes.append(Write(bytes: bytes, promise: promise))
        pendingBytes += bytes.readableBytes
    }

    mutating func flush() { flushedCount = writes.count }

    /// The next bytes that may go.
    var next: ByteBuffer? { flushedCount > 0 ? writes.first?.bytes : nil }

    /// Forgets the next bytes, which the pipe took.
    ///
    /// - Returns: the promise to succeed.
    mutating func removeNext() -> EventLoopPromise<Void>? {
        guard flushedCount > 0, let write = writes.popFirst() else { return nil }
        flushedCount -= 1
        pendingBytes -= write.bytes.readableBytes
        return write.promise
    }

    /// Forgets everything.
    ///
    /// - Returns: the promises to fail.
    mutating func removeAll() -> [EventLoopPromise<Void>] {
        defer { self = PipeWriter() }
        return writes.compactMap(\.promise)
    }
}
