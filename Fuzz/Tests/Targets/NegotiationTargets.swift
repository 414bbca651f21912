import NIOCore

@testable import LibP2PCore

extension FuzzTarget {
    static let negotiations = [
        FuzzTarget("multistream") { input in
            let heard = try requireSameInPieces(input, by: { $0.agrees(with: $1) }, listen)
            let answered = try requireSameInPieces(input, by: { $0.agrees(with: $1) }, dial)
            return heard.agreed != nil || answered.agreed != nil
        }
    ]

    /// What a listener says to the bytes.
    private static func listen(_ pieces: [ByteBuffer]) throws -> Talk {
        var listener = MultistreamListener()
        let known: [ProtocolID] = ["/noise", "/ipfs/kad/1.0.0"]
        return try Talk(about: pieces) { buffer in
            switch try listener.next(from: &buffer, supports: known.contains, protocols: { known }) {
            case .agreed(let name, let reply): (reply, agreed: name)
            case .reply(let reply): (reply, agreed: nil)
            case .more: (ByteBuffer(), agreed: nil)
            case nil: nil
            }
        }
    }

    private static func dial(_ pieces: [ByteBuffer]) throws -> Talk {
        var dialer = MultistreamDialer(proposing: ["/tls/1.0.0", "/noise"])
        return try Talk(about: pieces) { buffer in
            switch try dialer.next(from: &buffer) {
            case .agreed(let name): (ByteBuffer(), agreed: name)
            case .propose(let proposal): (proposal, agreed: nil)
            case .more: (ByteBuffer(), agreed: nil)
            case nil: nil
            }
        }
    }
}

/// What a side of a negotiation said, and what came of it.
private struct Talk {
    var sent: [UInt8] = []
    var agreed: ProtocolID?
    var failure: NetworkError.Code?
    /// The bytes that wait for their rest, or belong to the protocol agreed on.
    var left = ByteBuffer()

    /// Takes steps until one agrees, fails, or needs bytes that never come.
    init(
        about pieces: [ByteBuffer], _ step: (inout ByteBuffer) throws -> (reply: ByteBuffer, agreed: ProtocolID?)?
    ) throws {
        for piece in pieces where failure == nil {
            left.writeImmutableBuffer(piece)
            do {
                while agreed == nil, let next = try step(&left) {
                    sent += next.reply.readableBytesView
                    agreed = next.agreed
                }
            } catch let error as NetworkError {
                failure = error.code
            }
            try require(
                agreed != nil || failure != nil || left.readableBytes <= Multistream.maxMessageLength + 2,
                "what waits for its rest is bounded")
        }
    }

    /// Whether two talks about the same bytes agree. How much of one is said before it fails may differ.
    func agrees(with other: Talk) -> Bool {
        guard failure == other.failure, agreed == other.agreed else { return false }
        return failure == nil ? sent == other.sent && left == other.left : sent.agrees(with: other.sent)
    }
}
