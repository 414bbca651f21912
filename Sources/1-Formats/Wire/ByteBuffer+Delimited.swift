public import NIOCore

/// Frames with a varint length in front: how libp2p protocols put messages on a stream.
extension ByteBuffer {
    /// Reads one frame without copying it: the result shares this buffer's storage, so copy what is to be kept long.
    ///
    /// - Parameter max: the longest body accepted, in bytes. It is checked as soon as the length is known, before the
    ///   body is waited for.
    /// - Returns: the body, or nil while bytes are missing; then nothing is consumed.
    /// - Throws: ``WireError`` when the length is malformed or above `max`; nothing is consumed.
    public mutating func readDelimited(max: Int) throws(WireError) -> ByteBuffer? {
        guard let (length, prefix) = try getVarint(at: readerIndex) else { return nil }
        guard let body = Int(exactly: length), body <= max else {
            throw WireError(.frameTooLong, "frame of \(length) bytes exceeds the limit of \(max)")
        }
        guard readableBytes - prefix >= body else { return nil }
        moveReaderIndex(forwardBy: prefix)
        return readSlice(length: body)
    }

    /// Reads one framed protobuf message.
    ///
    /// - Parameter max: the longest message accepted, in bytes.
    /// - Returns: the message, or nil while bytes are missing; then nothing is consumed.
    /// - Throws: ``WireError`` when the frame is malformed or too long, or what the message's initialiser throws.
    public mutating func readDelimited<Message: ProtobufMessage>(_ type: Message.Type, max: Int) throws -> Message? {
        guard let body = try readDelimited(max: max) else { return nil }
        return try Message(protobuf: body)
    }

    /// Writes a frame.
    public mutating func writeDelimited(_ body: ByteBuffer) {
        writeBase128(UInt64(body.readableBytes))
        writeImmutableBuffer(body)
    }

    /// Writes a frame.
    public mutating func writeDelimited(_ body: [UInt8]) {
        writeBase128(UInt64(body.count))
        writeBytes(body)
    }

    /// Writes a framed protobuf message straight into this buffer.
    public mutating func writeDelimited(_ message: some ProtobufMessage) {
        let mark = beginLengthPrefix()
        // The buffer is moved into the writer and back, so that its storage stays uniquely referenced.
        var writer = ProtobufWriter(into: self)
        self = ByteBuffer()
        message.write(to: &writer)
        self = writer.finish()
        endLengthPrefix(mark)
    }

    /// Keeps one byte free for the length of what is written next.
    ///
    /// - Returns: where the body starts, to hand to ``endLengthPrefix(_:)``.
    mutating func beginLengthPrefix() -> Int {
        writeInteger(UInt8(0))
        return writerIndex
    }

    /// Writes the length of all that was written since `mark` in front of it.
    ///
    /// Most bodies are below 128 bytes and find their byte waiting; longer ones are moved up by the bytes their length
    /// needs beyond the first, which costs less than measuring a message before writing it.
    mutating func endLengthPrefix(_ mark: Int) {
        let length = writerIndex - mark
        if length < 0x80 {
            setInteger(UInt8(length), at: mark - 1)
            return
        }
        let extra = (Int.bitWidth - length.leadingZeroBitCount - 1) / 7
        writeRepeatingByte(0, count: extra)
        let offset = mark - readerIndex
        withUnsafeMutableReadableBytes { bytes in
            let body = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
            _ = bytes.store(body, at: offset + extra)
            _ = bytes.storeBase128(UInt64(length), at: offset - 1)
        }
    }
}
