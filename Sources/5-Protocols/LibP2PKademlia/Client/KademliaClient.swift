import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore

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
        try await connect(to: peer, at: addresses).withStream([protocolID], timeout: timeout) { stream in
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
        try await connect(to: peer, at: addresses).withStream([protocolID], timeout: timeout) { stream in
            try await stream.write(message: message)
        }
    }

    /// Connects, and gives up at once when cancelled.
    ///
    /// A dial may be shared with others, so it goes on without those who don't wait any more; a lookup that has found
    /// what it wanted must not wait for the slowest peer it tried.
    func connect(to peer: PeerID, at addresses: [Multiaddr]) async throws -> Connection {
        if let connection = network.connections(to: peer).first(where: { !$0.isLimited }) { return connection }
        let promise = network.home.loop.makePromise(of: Connection.self)
        let network = network
        network.home.spawn {
            do {
                promise.succeed(try await network.connect(to: peer, at: addresses))
            } catch {
                promise.fail(error)
            }
        }
        return try await withTaskCancellationHandler {
            try await promise.futureResult.get()
        } onCancel: {
            promise.fail(NetworkError(.cancelled, "The request was cancelled."))
        }
    }
}
