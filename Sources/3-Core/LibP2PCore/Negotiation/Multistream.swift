import NIOCore
import Wire

/// The messages of multistream-select 1.0: a varint length, a text, a newline
/// (multiformats/multistream-select, libp2p/specs connections).
public enum Multistream {
    /// The first message of both sides.
    public static let header = "/multistream/1.0.0"
    /// The listener's refusal.
    static let notAvailable = "na"
    /// The request for a list of all protocols.
    static let list = "ls"

    /// The longest message, newline included, that is accepted and sent. go and js use the same limit.
    public static let maxMessageLength = 1024
    /// How many proposals a listener listens to before it gives up on a dialer.
    static let maxProposals = 20

    /// Reads one message.
    ///
    /// - Returns: its text without the newline, or nil while bytes are missing; then nothing is consumed.
    /// - Throws: ``NetworkError`` with `.malformed` when it is too long, empty, or lacks its newline.
    static func readMessage(from buffer: inout ByteBuffer) throws(NetworkError) -> String? {
        let body: ByteBuffer?
        do {
            body = try buffer.readDelimited(max: maxMessageLength)
        } catch {
            throw NetworkError(.malformed, "A multistream message has a bad length.", cause: error)
        }
        guard var body else { return nil }
        guard body.readableBytes > 0, body.getInteger(at: body.writerIndex - 1, as: UInt8.self) == 0x0a,
            let text = body.readString(length: body.readableBytes - 1)
        else {
            throw NetworkError(.malformed, "A multistream message does not end in a newline.")
        }
        return text
    }

    /// Appends one message.
    static func writeMessage(_ text: String, to buffer: inout ByteBuffer) {
        buffer.writeVarint(UInt64(text.utf8.count + 1))
        buffer.writeString(text)
        buffer.writeInteger(UInt8(0x0a))
    }

    /// The dialer's optimistic opening: header and proposal in one.
    static func opening(proposing protocolID: ProtocolID) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(header.utf8.count + protocolID.name.utf8.count + 6)
        writeMessage(header, to: &buffer)
        writeMessage(protocolID.name, to: &buffer)
        return buffer
    }

    /// The error for a message that is not the one that must come.
    static func unexpected(_ text: String, insteadOf expected: String) -> NetworkError {
        NetworkError(.malformed, "Expected \(expected), got \(text.prefix(64).debugDescription).")
    }
}
