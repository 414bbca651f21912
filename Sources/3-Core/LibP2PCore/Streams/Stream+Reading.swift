import DequeModule
public import NIOCore

extension Stream {
    /// Waits for bytes and returns those that are there, at least one; nil at the end.
    ///
    /// - Throws: ``NetworkError`` when the stream or its connection fails.
    public func read() async throws -> ByteBuffer? {
        guard try await waitForInput() else { return nil }
        return takeHead()
    }

    /// Reads exactly `count` bytes.
    ///
    /// - Returns: nil when the stream ends cleanly before the first of them.
    /// - Throws: ``NetworkError``: `.truncated` when it ends within them, or why it fails.
    public func read(exactly count: Int) async throws -> ByteBuffer? {
        guard count > 0 else { return ByteBuffer() }
        guard try await waitForInput() else { return nil }
        while head.readableBytes < count {
            guard try await mergeMore() else {
                throw NetworkError(.truncated, "The stream ended after \(head.readableBytes) of \(count) bytes.")
            }
        }
        let slice = head.readSlice(length: count) ?? ByteBuffer()
        consumed(count)
        return slice
    }

    /// Takes the bytes that are there without waiting; nil when there are none. Their room is granted to the sender anew.
    public func takeInput() -> ByteBuffer? {
        guard bufferedBytes > 0, awaitedProtocol == nil else { return nil }
        return takeHead()
    }

    /// Takes at most `limit` of the bytes that are there without waiting, and without granting the sender room for them;
    /// nil when there are none.
    ///
    /// ``grantInput(_:)`` grants it, when the bytes have gone on. Until then they count to the stream's window, so that
    /// who passes them on never holds more than a window of them, and to the loop's unread bytes.
    public func takeInput(upTo limit: Int) -> ByteBuffer? {
        guard limit > 0, bufferedBytes > 0, awaitedProtocol == nil else { return nil }
        var bytes = head
        if bytes.readableBytes > limit {
            guard let part = head.readSlice(length: limit) else { return nil }
            bytes = part
        } else {
            head = ByteBuffer()
        }
        let withheld = removed(bytes.readableBytes)
        withheldBytes += withheld
        _ = connection.executor.reserveBuffer(withheld)
        return bytes
    }

    /// Grants the sender room for so many of the bytes that ``takeInput(upTo:)`` returned.
    public func grantInput(_ byteCount: Int) {
        let count = min(byteCount, withheldBytes)
        withheldBytes -= count
        _ = connection.executor.reserveBuffer(-count)
        grant(count)
    }

    /// Bytes that wait to be read.
    public var pendingInput: Int { bufferedBytes }

    private func takeHead() -> ByteBuffer {
        let bytes = head
        head = ByteBuffer()
        consumed(bytes.readableBytes)
        return bytes
    }

    /// Makes ``head`` longer by what is buffered or comes next.
    ///
    /// The sender is granted room for what ``head`` holds already, so that a message may be longer than the window; the
    /// bytes still count as unread in the loop's memory.
    ///
    /// - Returns: false at the end of the stream.
    func mergeMore() async throws -> Bool {
        if backlog.isEmpty {
            grant(head.readableBytes - grantedBytes)
            grantedBytes = head.readableBytes
            try await suspendUntilInput { $0.backlog.isEmpty }
        }
        guard let next = backlog.popFirst() else {
            if case .failed(let error) = input { throw error }
            return false
        }
        head.writeImmutableBuffer(next)
        return true
    }

    /// Waits until a byte can be read.
    ///
    /// - Returns: false at the end of the stream.
    func waitForInput() async throws -> Bool {
        if awaitedProtocol != nil { try await finishNegotiation() }
        return try await waitForRawInput()
    }

    /// Like ``waitForInput()``, during negotiation.
    func waitForRawInput() async throws -> Bool {
        if bufferedBytes > 0 {
            readsInARow += 1
            if readsInARow > Self.maxReadsInARow {
                await connection.executor.giveWay(for: connection)
                readsInARow = 1
            }
        } else {
            readsInARow = 0
        }
        if bufferedBytes == 0 { try await suspendUntilInput { $0.bufferedBytes == 0 } }
        if bufferedBytes > 0 { return true }
        if case .failed(let error) = input { throw error }
        return false
    }

    /// Suspends while `mustWait` holds and the stream is open.
    private func suspendUntilInput(_ mustWait: (Stream) -> Bool) async throws {
        while case .open = input, mustWait(self) {
            guard reader == nil else {
                throw NetworkError(.misuse, "Two tasks read stream \(id) at the same time.")
            }
            await withUnsafeContinuation { waiting in
                // Looked at again: the way here may have been a suspension.
                if case .open = input, mustWait(self) { reader = waiting } else { waiting.resume() }
            }
        }
    }

    /// Books bytes that the application took, and grants the sender room for them.
    func consumed(_ count: Int) { grant(removed(count)) }

    /// Books bytes that the application took.
    ///
    /// - Returns: for how many of them the sender is still to be granted room.
    private func removed(_ count: Int) -> Int {
        let alreadyGranted = min(count, grantedBytes)
        grantedBytes -= alreadyGranted
        account(removed: count)
        if head.readableBytes == 0 { head = backlog.popFirst() ?? ByteBuffer() }
        ledger.activeAt = connection.executor.now
        return count - alreadyGranted
    }

    private func grant(_ count: Int) {
        if count > 0, case .open = input { muxer.inputConsumed(self, byteCount: count) }
    }
}
