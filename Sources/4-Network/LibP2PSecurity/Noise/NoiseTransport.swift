internal import NIOCore

/// A Noise connection after its handshake: frames in, plaintext out, and the reverse.
struct NoiseTransport {
    private let sealer: NoiseCipher
    private let opener: NoiseCipher
    private var reader: NoiseFrameReader

    /// - Parameters:
    ///   - reader: the reader of the handshake, which may hold the beginning of the first frame.
    init(sendKey: [UInt8], receiveKey: [UInt8], reader: NoiseFrameReader = NoiseFrameReader()) throws(SecurityError) {
        sealer = try NoiseCipher(key: sendKey, direction: .seal)
        opener = try NoiseCipher(key: receiveKey, direction: .open)
        self.reader = reader
    }

    /// Decrypts all frames that `buffer` completes, and keeps the beginning of a further one.
    ///
    /// The cipher reads the frames where they lie and writes their plaintexts, one behind the other, into one new buffer.
    /// To decrypt in place would cost more: the storage of a buffer that comes along a pipeline is shared, with the
    /// socket's pool of receive buffers for one, so that the first change copies it; and a slice that waits in a stream's
    /// queue would keep a whole receive buffer alive.
    ///
    /// - Returns: the plaintext, which may be empty; nil if no frame is complete.
    /// - Throws: `SecurityError`, after which the connection must end.
    mutating func open(_ buffer: ByteBuffer, allocator: ByteBufferAllocator) throws(SecurityError) -> ByteBuffer? {
        var incoming = buffer
        var output: ByteBuffer?
        let bound = reader.partialLength + incoming.readableBytes
        while let frame = try reader.next(from: &incoming, limit: NoiseFrame.maxMessageLength) {
            let length = frame.readableBytes - NoiseCipher.tagLength
            guard length >= 0 else {
                throw SecurityError(.malformed, "a frame of \(frame.readableBytes) bytes is too short for its tag")
            }
            var plaintext = output ?? allocator.buffer(capacity: incoming.readableBytes == 0 ? length : bound)
            output = nil
            try open(frame, length: length, into: &plaintext)
            output = plaintext
        }
        return output
    }

    /// Encrypts the first bytes of `queue` into one full frame, or all of them into a smaller one.
    ///
    /// The plaintext is copied once, into the frame, and encrypted there.
    func seal(
        _ queue: inout NoiseWriteQueue, allocator: ByteBufferAllocator
    ) throws(SecurityError) -> ByteBuffer {
        let length = min(queue.byteCount, NoiseFrame.maxPlaintextLength)
        let messageLength = length + NoiseCipher.tagLength
        var frame = allocator.buffer(capacity: NoiseFrame.headerLength + messageLength)
        frame.writeInteger(UInt16(messageLength))
        queue.move(length, to: &frame)
        frame.writeRepeatingByte(0, count: NoiseCipher.tagLength)
        let result = frame.withUnsafeMutableReadableBytes { bytes -> Result<Void, SecurityError> in
            let message = UnsafeMutableRawBufferPointer(rebasing: bytes.dropFirst(NoiseFrame.headerLength))
            let plaintext = UnsafeRawBufferPointer(rebasing: message.prefix(length))
            return Result { () throws(SecurityError) in try sealer.seal(plaintext, into: message) }
        }
        try result.get()
        return frame
    }

    private func open(_ frame: ByteBuffer, length: Int, into output: inout ByteBuffer) throws(SecurityError) {
        var failure: SecurityError?
        output.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { space in
            frame.withUnsafeReadableBytes { message in
                do throws(SecurityError) {
                    try opener.open(message, into: UnsafeMutableRawBufferPointer(rebasing: space.prefix(length)))
                    return length
                } catch {
                    failure = error
                    return 0
                }
            }
        }
        if let failure { throw failure }
    }
}
