import LibP2PCore
import NIOCore
import Wire

/// Serves the streams of a rendezvous point: many requests on a stream, answered in order.
///
/// The stream's back-pressure bounds a peer's requests: the next one is read when the answer before it has been taken.
struct RendezvousHandler: StreamHandler {
    let protocols = [RendezvousService.protocolID]
    /// Clients open a stream for each request, or keep one.
    let limits = StreamLimits(perConnection: 8, total: 4_096, idle: .seconds(60))
    let service: RendezvousService

    func handle(_ stream: Stream) async throws {
        while let request = try await stream.message(RendezvousMessage.self, max: RendezvousMessage.maxLength) {
            if let answer = try service.answer(request, from: stream.remotePeer) {
                try await stream.write(message: answer)
            }
        }
    }
}
