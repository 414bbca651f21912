import LibP2PCore
import NIOCore
import Wire

/// Reads what peers send: the streams that they open, which go one way only.
///
/// The next RPC is read when the one before it has been handled: so a peer that sends too much waits in its own window.
struct PubSubHandler: StreamHandler {
    let protocols = PubSubProtocol.ids
    /// A peer has one stream, or two for a moment. Topics may be silent for long, and limited connections are too dear.
    let limits = StreamLimits(perConnection: 4, total: 20_000, idle: nil)
    let service: PubSub

    func handle(_ stream: Stream) async throws {
        guard let kind = stream.protocolID.flatMap({ PubSubProtocol($0) }) else {
            throw NetworkError(.misuse, "The stream's protocol is none of pubsub's.")
        }
        let peer = stream.remotePeer
        let number = try await service.opened(PeerInlet(stream), kind)
        do {
            while let frame = try await stream.frame(max: RPC.Limits.length) {
                try await service.receive(Self.read(frame), from: peer)
            }
        } catch {
            await service.closed(number, of: peer)
            throw error
        }
        await service.closed(number, of: peer)
    }

    private static func read(_ frame: ByteBuffer) throws -> RPC {
        do {
            return try RPC(protobuf: frame)
        } catch {
            throw NetworkError(
                .malformed, "An RPC cannot be read.", cause: PubSubError(.invalidRPC, "see the cause", cause: error))
        }
    }
}
