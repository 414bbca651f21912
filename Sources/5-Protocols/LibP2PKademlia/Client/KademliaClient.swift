import LibP2PCore
import LibP2PIdentity
import Multiformats

/// Asks other peers: one stream for each request, its protocol proposed without waiting.
struct KademliaClient: Sendable {
    let network: any Network
    let protocolID: ProtocolID
    /// How long a request may take once there is a connection (go-libp2p-kad-dht: 10 s).
    let timeout: Duration

    /// Sends a request and reads its answer.
    ///
    /// - Throws: `NetworkError`, or ``KademliaError`` where the answer is none.
    func request(_ message: KademliaMessage, to peer: PeerID, at addresses: [Multiaddr]) async throws -> KademliaMessage
    {
        try await network.withStream(to: peer, at: addresses, [protocolID], timeout: timeout) { stream in
            try await stream.write(message: message)
            guard
                let answer = try await stream.message(KademliaMessage.self, max: KademliaMessage.Limits.messageSize)
            else {
                throw KademliaError(.noAnswer, "\(stream.remotePeer) closed the stream instead of answering")
            }
            guard answer.kind == message.kind else {
                throw KademliaError(.noAnswer, "\(stream.remotePeer) answered \(message.kind) with \(answer.kind)")
            }
            return answer
        }
    }

    /// Sends a message that has no answer.
    ///
    /// - Throws: `NetworkError`.
    func send(_ message: KademliaMessage, to peer: PeerID, at addresses: [Multiaddr]) async throws {
        try await network.withStream(to: peer, at: addresses, [protocolID], timeout: timeout) { stream in
            try await stream.write(message: message)
        }
    }
}
