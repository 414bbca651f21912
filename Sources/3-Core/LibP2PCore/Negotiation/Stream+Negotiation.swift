import NIOCore

/// multistream-select on a stream.
extension Stream {
    /// Answers the dialer until a protocol is agreed.
    ///
    /// - Returns: the protocol, or nil when the dialer ended without agreeing on one.
    func negotiateInbound(
        supports: (ProtocolID) -> Bool, protocols: () -> [ProtocolID]
    ) async throws -> ProtocolID? {
        var listener = MultistreamListener()
        while true {
            guard try await waitForRawInput() else { return nil }
            let before = head.readableBytes
            guard let step = try listener.next(from: &head, supports: supports, protocols: protocols) else {
                guard try await mergeMore() else { return nil }
                continue
            }
            consumed(before - head.readableBytes)
            switch step {
            case .more: break
            case .reply(let bytes): try await write(bytes)
            case .agreed(let protocolID, let reply):
                // A dialer may have reset its reading side by now; the protocol itself finds out.
                try await write(reply)
                return protocolID
            }
        }
    }

    /// Proposes one protocol without waiting for the answer, which is read before the first byte of the protocol.
    func proposeOptimistically(_ protocolID: ProtocolID) async throws {
        self.protocolID = protocolID
        awaitedProtocol = protocolID
        try await write(Multistream.opening(proposing: protocolID))
    }

    /// Proposes protocols one after another, waiting for each answer.
    func negotiateOutbound(_ proposals: [ProtocolID]) async throws {
        var dialer = MultistreamDialer(proposing: proposals)
        try await write(dialer.opening())
        protocolID = try await finish(&dialer)
    }

    /// Reads the answer to an optimistic proposal, for a protocol that must know of it before its own first byte comes.
    package func finishNegotiation() async throws {
        guard let protocolID = awaitedProtocol else { return }
        awaitedProtocol = nil
        var dialer = MultistreamDialer(proposing: [protocolID])
        do {
            _ = try await finish(&dialer)
        } catch let error as NetworkError {
            // What was sent on optimistically is garbage to the other side.
            reset(error)
            throw error
        }
    }

    private func finish(_ dialer: inout MultistreamDialer) async throws -> ProtocolID {
        while true {
            guard try await waitForRawInput() else {
                throw NetworkError(.truncated, "The peer closed the stream during the negotiation of its protocol.")
            }
            let before = head.readableBytes
            guard let step = try dialer.next(from: &head) else {
                guard try await mergeMore() else {
                    throw NetworkError(.truncated, "The peer closed the stream within a multistream message.")
                }
                continue
            }
            consumed(before - head.readableBytes)
            switch step {
            case .more: break
            case .propose(let bytes): try await write(bytes)
            case .agreed(let protocolID): return protocolID
            }
        }
    }
}
