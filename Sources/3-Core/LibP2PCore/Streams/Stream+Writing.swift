public import NIOCore

extension Stream {
    /// Sends bytes. Returns as soon as they are on their way, which is at once unless the other side's window or the
    /// socket is full.
    ///
    /// - Throws: ``NetworkError`` when the outbound direction has ended or fails first.
    public func write(_ bytes: ByteBuffer) async throws {
        try enqueue(bytes)
        while outboxBytes > 0 {
            if case .failed(let error) = output { throw error }
            guard writer == nil else {
                throw NetworkError(.misuse, "Two tasks write stream \(id) at the same time.")
            }
            await withUnsafeContinuation { writer = $0 }
        }
        if case .failed(let error) = output { throw error }
    }

    /// Sends bytes.
    ///
    /// - Throws: as ``write(_:)-(ByteBuffer)``.
    public func write(_ bytes: [UInt8]) async throws { try await write(ByteBuffer(bytes: bytes)) }

    /// Sends bytes without waiting, unless too many wait already.
    ///
    /// - Returns: false when ``outputLimit`` is reached; then nothing was taken, and the observer is told when there is
    ///   room again.
    /// - Throws: ``NetworkError`` when the outbound direction has ended.
    public func offer(_ bytes: ByteBuffer) throws -> Bool {
        guard outboxBytes < Self.outputLimit else { return false }
        try enqueue(bytes)
        return true
    }

    private func enqueue(_ bytes: ByteBuffer) throws {
        switch output {
        case .failed(let error): throw error
        case .finished: throw NetworkError(.closed, "Stream \(id) was closed for writing.")
        case .open: break
        }
        guard bytes.readableBytes > 0 else { return }
        ledger.activeAt = connection.executor.now
        outbox.append(bytes)
        outboxBytes += bytes.readableBytes
        muxer.outputReady(self)
    }
}
