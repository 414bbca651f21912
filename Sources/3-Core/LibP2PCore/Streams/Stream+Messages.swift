public import NIOCore
public import Wire

extension Stream {
    /// Reads one message with its varint length in front.
    ///
    /// - Parameter max: the longest message accepted, in bytes; checked before the body is waited for.
    /// - Returns: nil when the stream ends cleanly before the message.
    /// - Throws: ``NetworkError``: `.tooLarge`, `.truncated`, `.malformed`, or why the stream fails.
    public func message<Message: ProtobufMessage>(_ type: Message.Type, max: Int) async throws -> Message? {
        guard let body = try await frame(max: max) else { return nil }
        do {
            return try Message(protobuf: body)
        } catch {
            throw NetworkError(.malformed, "A \(type) message cannot be read.", cause: error)
        }
    }

    /// Reads one frame: a varint length and so many bytes.
    ///
    /// - Returns: the bytes after the length; nil when the stream ends cleanly before it.
    /// - Throws: ``NetworkError`` as in ``message(_:max:)``.
    public func frame(max: Int) async throws -> ByteBuffer? {
        guard try await waitForInput() else { return nil }
        while true {
            let before = head.readableBytes
            do {
                if let body = try head.readDelimited(max: max) {
                    consumed(before - head.readableBytes)
                    return body
                }
            } catch {
                throw NetworkError(
                    error.code == .frameTooLong ? .tooLarge : .malformed, "A frame cannot be read.", cause: error)
            }
            guard try await mergeMore() else {
                throw NetworkError(.truncated, "The stream ended within a frame.")
            }
        }
    }

    /// Sends a message with its varint length in front.
    ///
    /// - Throws: ``NetworkError`` when the stream fails or ends before all bytes are on their way.
    public func write(message: some ProtobufMessage) async throws {
        var buffer = ByteBuffer()
        buffer.writeDelimited(message)
        try await write(buffer)
    }
}
