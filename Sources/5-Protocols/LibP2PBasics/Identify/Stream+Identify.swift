import LibP2PCore
import NIOCore
import Wire

extension Stream {
    /// Reads the messages of one identification up to the end of the stream, merged.
    func identifyMessage() async throws -> IdentifyMessage {
        var message: IdentifyMessage?
        for _ in 0..<IdentifyMessage.maxMessages {
            guard let next = try await self.message(IdentifyMessage.self, max: IdentifyMessage.maxLength) else {
                guard let message else {
                    throw NetworkError(.truncated, "The peer closed the stream without identifying itself.")
                }
                return message
            }
            message?.merge(next)
            message = message ?? next
        }
        guard try await read() == nil, let message else {
            throw NetworkError(
                .tooLarge, "The peer identifies itself in more than \(IdentifyMessage.maxMessages) messages.")
        }
        return message
    }

    /// Writes the messages of one identification at once.
    func write(_ message: IdentifyMessage) async throws {
        var buffer = ByteBuffer()
        for part in message.parts { buffer.writeDelimited(part) }
        try await write(buffer)
    }
}
