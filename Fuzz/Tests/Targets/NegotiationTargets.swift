import NIOCore

@testable import LibP2PCore

/// What was said to the other side, and whether a protocol came of it.
private struct Talk: Equatable {
    var said: [String] = []
    var isAgreed = false
}

extension FuzzTarget {
    static let negotiations = [
        FuzzTarget("multistream") { input in
            let isHeard = try requireSameInPieces(input, listen).isAgreed
            let isAnswered = try requireSameInPieces(input, dial).isAgreed
            return isHeard || isAnswered
        }
    ]

    /// What a listener says to the bytes, and how many are left for the protocol.
    private static func listen(_ pieces: [ByteBuffer]) throws -> Talk {
        var listener = MultistreamListener()
        let known: [ProtocolID] = ["/noise", "/ipfs/kad/1.0.0"]
        return try steps(of: pieces) { buffer in
            switch try listener.next(from: &buffer, supports: known.contains, protocols: { known }) {
            case .agreed(let name, let reply): (["\(name)", "\(reply.readableBytes)"], isLast: true)
            case .reply(let reply): (["\(reply.readableBytes)"], isLast: false)
            case .more: ([], isLast: false)
            case nil: nil
            }
        }
    }

    private static func dial(_ pieces: [ByteBuffer]) throws -> Talk {
        var dialer = MultistreamDialer(proposing: ["/tls/1.0.0", "/noise"])
        return try steps(of: pieces) { buffer in
            switch try dialer.next(from: &buffer) {
            case .agreed(let name): (["\(name)"], isLast: true)
            case .propose(let proposal): (["\(proposal.readableBytes)"], isLast: false)
            case .more: ([], isLast: false)
            case nil: nil
            }
        }
    }

    /// Takes steps until one is the last, fails, or needs bytes that never come.
    private static func steps(
        of pieces: [ByteBuffer], _ step: (inout ByteBuffer) throws -> (said: [String], isLast: Bool)?
    ) throws -> Talk {
        var talk = Talk()
        var buffer = ByteBuffer()
        for piece in pieces {
            buffer.writeImmutableBuffer(piece)
            do {
                while !talk.isAgreed, let next = try step(&buffer) {
                    talk.said += next.said
                    talk.isAgreed = next.isLast
                }
            } catch {
                talk.said.append("\((error as? NetworkError)?.code as Any)")
                return talk
            }
            try require(
                talk.isAgreed || buffer.readableBytes <= Multistream.maxMessageLength + 2,
                "what waits for its rest is bounded")
        }
        talk.said.append("\(buffer.readableBytes) bytes left")
        return talk
    }
}
