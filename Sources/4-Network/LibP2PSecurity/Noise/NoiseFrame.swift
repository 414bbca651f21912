internal import NIOCore

/// Noise's framing on a byte stream: two bytes of length in big endian, then as many bytes of message.
enum NoiseFrame {
    static let headerLength = 2
    /// The longest message a frame can hold.
    static let maxMessageLength = 65535
    /// The plaintext we put into one frame: one byte less than fits, because then a full frame takes 64 KiB exactly, and
    /// buffers are allocated in powers of two.
    static let maxPlaintextLength = 65536 - headerLength - NoiseCipher.tagLength

    /// A frame around a handshake message. Our own are far below the limit: an identity key, a signature and a name.
    static func wrap(_ message: [UInt8], allocator: ByteBufferAllocator) -> ByteBuffer {
        precondition(message.count <= maxMessageLength, "a Noise message has at most 65535 bytes")
        var frame = allocator.buffer(capacity: headerLength + message.count)
        frame.writeInteger(UInt16(message.count))
        frame.writeBytes(message)
        return frame
    }
}

/// Cuts a byte stream into frames.
///
/// Frames that arrive whole are slices of what arrived. Only a frame that is spread over several reads is put together in
/// memory of its own, which grows with what has really arrived, never with what a header promises.
struct NoiseFrameReader {
    /// The beginning of a frame, header included.
    private var partial = ByteBuffer()

    /// How many bytes wait for the rest of their frame.
    var partialLength: Int { partial.readableBytes }

    /// The next whole message, without its header; nil if `buffer` has been used up.
    ///
    /// - Throws: `tooLong` as soon as a header announces more than `limit`.
    mutating func next(from buffer: inout ByteBuffer, limit: Int) throws(SecurityError) -> ByteBuffer? {
        if partialLength > 0 { return try completePartial(from: &buffer, limit: limit) }
        guard let length = try Self.messageLength(in: buffer, limit: limit),
            buffer.readableBytes >= NoiseFrame.headerLength + length
        else {
            // A copy, so that a few bytes do not keep a whole receive buffer alive.
            partial.writeBuffer(&buffer)
            return nil
        }
        buffer.moveReaderIndex(forwardBy: NoiseFrame.headerLength)
        return buffer.readSlice(length: length)
    }

    private mutating func completePartial(
        from buffer: inout ByteBuffer, limit: Int
    ) throws(SecurityError) -> ByteBuffer? {
        move(from: &buffer, upTo: NoiseFrame.headerLength)
        guard let length = try Self.messageLength(in: partial, limit: limit) else { return nil }
        move(from: &buffer, upTo: NoiseFrame.headerLength + length)
        guard partialLength == NoiseFrame.headerLength + length else { return nil }
        var frame = partial
        partial = ByteBuffer()
        frame.moveReaderIndex(forwardBy: NoiseFrame.headerLength)
        return frame
    }

    private mutating func move(from buffer: inout ByteBuffer, upTo length: Int) {
        let missing = max(0, length - partialLength)
        guard var piece = buffer.readSlice(length: min(missing, buffer.readableBytes)) else { return }
        partial.writeBuffer(&piece)
    }

    /// The length a header announces; nil while the header is incomplete.
    private static func messageLength(in buffer: ByteBuffer, limit: Int) throws(SecurityError) -> Int? {
        guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt16.self).map(Int.init) else { return nil }
        guard length <= limit else {
            throw SecurityError(.tooLong, "the peer announces a message of \(length) bytes, \(limit) are allowed")
        }
        return length
    }
}
