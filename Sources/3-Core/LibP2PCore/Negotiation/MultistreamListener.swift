public import NIOCore
import Wire

/// The listener's side of multistream-select: pure rules, fed with messages by a stream or a channel.
public struct MultistreamListener: Sendable {
    /// What to do after a message.
    public enum Step: Sendable, Equatable {
        /// Send these bytes and go on reading.
        case reply(ByteBuffer)
        /// Nothing to send yet; go on reading.
        case more
        /// Send these bytes; from here on the protocol is spoken.
        case agreed(ProtocolID, reply: ByteBuffer)
    }

    private var sawHeader = false
    private var hasAnsweredHeader = false
    private var proposals = 0

    /// A listener that waits for the dialer's header.
    public init() {}

    /// Reads the next message from `buffer`, if it is complete, and decides.
    ///
    /// The header is answered together with the first proposal, in one write, when the proposal is there too; else at
    /// once, as there are dialers that propose nothing before they have seen it (py-libp2p among them).
    ///
    /// - Parameters:
    ///   - supports: whether a protocol is spoken here.
    ///   - protocols: all ids, for the request `ls`.
    /// - Returns: nil while the message is incomplete.
    /// - Throws: ``NetworkError``: `.malformed`, or `.unsupportedProtocol` after too many proposals.
    public mutating func next(
        from buffer: inout ByteBuffer, supports: (ProtocolID) -> Bool, protocols: () -> [ProtocolID]
    ) throws(NetworkError) -> Step? {
        guard let text = try Multistream.readMessage(from: &buffer) else { return nil }
        guard sawHeader else {
            guard text == Multistream.header else {
                throw Multistream.unexpected(text, insteadOf: Multistream.header)
            }
            sawHeader = true
            var following = buffer
            guard try Multistream.readMessage(from: &following) == nil else { return .more }
            hasAnsweredHeader = true
            var reply = ByteBuffer()
            Multistream.writeMessage(Multistream.header, to: &reply)
            return .reply(reply)
        }
        proposals += 1
        guard proposals <= Multistream.maxProposals else {
            throw NetworkError(
                .unsupportedProtocol, "None of the dialer's first \(Multistream.maxProposals) proposals is spoken here."
            )
        }
        var reply = ByteBuffer()
        if !hasAnsweredHeader {
            hasAnsweredHeader = true
            Multistream.writeMessage(Multistream.header, to: &reply)
        }
        if text == Multistream.list {
            Self.writeList(protocols(), to: &reply)
            return .reply(reply)
        }
        let protocolID = ProtocolID(text)
        guard supports(protocolID) else {
            Multistream.writeMessage(Multistream.notAvailable, to: &reply)
            return .reply(reply)
        }
        Multistream.writeMessage(text, to: &reply)
        return .agreed(protocolID, reply: reply)
    }

    /// Writes the answer to `ls`: all names, each framed, in one frame that ends in a newline. Names that would make
    /// it longer than a message may be are left out.
    private static func writeList(_ protocols: [ProtocolID], to reply: inout ByteBuffer) {
        var list = ByteBuffer()
        for protocolID in protocols
        where list.readableBytes + protocolID.name.utf8.count + 4 <= Multistream.maxMessageLength {
            Multistream.writeMessage(protocolID.name, to: &list)
        }
        list.writeInteger(UInt8(0x0a))
        reply.writeVarint(UInt64(list.readableBytes))
        reply.writeBuffer(&list)
    }
}
