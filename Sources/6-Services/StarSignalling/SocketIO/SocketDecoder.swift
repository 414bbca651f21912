import NIOCore

/// Puts packets together whose binary parts follow in messages of their own.
struct SocketDecoder {
    /// A packet with all its parts.
    struct Whole {
        let packet: SocketPacket
        let attachments: [ByteBuffer]
    }

    private let maxAttachments: Int
    private let maxBytes: Int
    private var pending: (packet: SocketPacket, attachments: [ByteBuffer], byteCount: Int)?

    init(_ settings: EngineSettings) {
        maxAttachments = settings.maxAttachments
        maxBytes = settings.maxPayload
    }

    /// Takes a message.
    ///
    /// - Returns: the packet that is whole with it; nil while parts are missing.
    /// - Throws: `StarSignallingError` with `.malformed` for what is no packet, and for text and bytes out of turn.
    mutating func decode(_ message: EnginePacket) throws(StarSignallingError) -> Whole? {
        message.isBinary ? try decode(part: message.payload) : try decode(text: message.payload)
    }

    private mutating func decode(text: ByteBuffer) throws(StarSignallingError) -> Whole? {
        guard pending == nil else {
            throw StarSignallingError(.malformed, "A text comes where the binary part of a packet should.")
        }
        let packet = try SocketPacket(text, maxAttachments: maxAttachments)
        guard packet.attachmentCount > 0 else { return Whole(packet: packet, attachments: []) }
        pending = (packet, [], text.readableBytes)
        return nil
    }

    private mutating func decode(part: ByteBuffer) throws(StarSignallingError) -> Whole? {
        guard var whole = pending else {
            throw StarSignallingError(.malformed, "A binary part comes that no packet asks for.")
        }
        pending = nil
        whole.byteCount += part.readableBytes
        guard whole.byteCount <= maxBytes else {
            throw StarSignallingError(.malformed, "The parts of a packet are longer than \(maxBytes) bytes.")
        }
        whole.attachments.append(part)
        if whole.attachments.count == whole.packet.attachmentCount {
            return Whole(packet: whole.packet, attachments: whole.attachments)
        }
        pending = whole
        return nil
    }
}
