public import NIOCore

/// The dialer's side of multistream-select: pure rules, fed with messages by a stream or a channel.
public struct MultistreamDialer: Sendable {
    /// What to do after a message.
    public enum Step: Sendable, Equatable {
        /// Nothing to send; go on reading.
        case more
        /// Send these bytes: the next proposal.
        case propose(ByteBuffer)
        /// The other side speaks this protocol; what follows is its bytes.
        case agreed(ProtocolID)
    }

    private let proposals: [ProtocolID]
    private var current = 0
    private var sawHeader = false

    /// A dialer that proposes ids in order.
    public init(proposing proposals: [ProtocolID]) { self.proposals = proposals }

    /// The first bytes to send: header and first proposal in one write.
    ///
    /// - Throws: ``NetworkError`` with `.misuse` when there is nothing to propose.
    public func opening() throws(NetworkError) -> ByteBuffer {
        guard let first = proposals.first else {
            throw NetworkError(.misuse, "A negotiation needs at least one protocol to propose.")
        }
        return Multistream.opening(proposing: first)
    }

    /// Reads the next message from `buffer`, if it is complete, and decides.
    ///
    /// - Returns: nil while the message is incomplete.
    /// - Throws: ``NetworkError``: `.malformed`, or `.unsupportedProtocol` when all proposals were refused.
    public mutating func next(from buffer: inout ByteBuffer) throws(NetworkError) -> Step? {
        guard let text = try Multistream.readMessage(from: &buffer) else { return nil }
        guard sawHeader else {
            guard text == Multistream.header else {
                throw Multistream.unexpected(text, insteadOf: Multistream.header)
            }
            sawHeader = true
            return .more
        }
        if text == proposals[current].name { return .agreed(proposals[current]) }
        guard text == Multistream.notAvailable else {
            throw NetworkError(
                .malformed, "Proposed \(proposals[current]), got \(text.prefix(64).debugDescription) as an answer.")
        }
        current += 1
        guard current < proposals.count else {
            throw NetworkError(
                .unsupportedProtocol, "The peer speaks none of \(proposals.map(\.name).joined(separator: ", ")).")
        }
        var proposal = ByteBuffer()
        Multistream.writeMessage(proposals[current].name, to: &proposal)
        return .propose(proposal)
    }
}
