import DequeModule
public import NIOCore

/// The side of a stream that faces the muxer. All of it is called on the connection's loop.
extension Stream {
    /// Takes bytes that came from the other side. Their number must be within the window that the muxer granted.
    public func receive(_ bytes: ByteBuffer) {
        let count = bytes.readableBytes
        guard case .open = input, count > 0 else { return }
        ledger.activeAt = connection.executor.now
        if discardsInput { return muxer.inputConsumed(self, byteCount: count) }
        guard connection.executor.reserveBuffer(count) else {
            return reset(NetworkError(.refused, "The node's limit for unread bytes is reached."))
        }
        bufferedBytes += count
        if head.readableBytes == 0 {
            head = bytes
        } else if count < Self.smallFrame, !backlog.isEmpty {
            // A flood of tiny frames would otherwise cost a slot, and keep a socket buffer alive, for each.
            var bytes = bytes
            backlog[backlog.count - 1].writeBuffer(&bytes)
        } else {
            backlog.append(bytes)
        }
        wakeReader()
    }

    /// Frames below this size are copied together while they wait.
    private static let smallFrame = 512

    /// The other side will send no more.
    public func receiveEnd() {
        guard case .open = input else { return }
        input = .finished
        wakeReader()
    }

    /// The other side reset the stream, or its connection ended. Both directions end; nothing is sent.
    public func receiveFailure(_ error: NetworkError) { fail(error) }

    /// Takes bytes to send, at most `limit` of them, in order. Nil when there are none.
    ///
    /// Suspended writers go on as soon as nothing is left.
    public func takeOutput(upTo limit: Int) -> ByteBuffer? {
        guard limit > 0, var first = outbox.popFirst() else { return nil }
        if first.readableBytes > limit, let part = first.readSlice(length: limit) {
            outbox.prepend(first)
            outboxBytes -= limit
            return part
        }
        outboxBytes -= first.readableBytes
        if outboxBytes == 0 { wakeWriter() }
        return first
    }

    /// Bytes that wait to be sent.
    public var pendingOutput: Int { outboxBytes }

    /// Whether the end of the outbound direction can be sent: the application ended it and all bytes have been taken.
    public var isOutputComplete: Bool {
        guard case .finished = output else { return false }
        return outboxBytes == 0
    }
}
