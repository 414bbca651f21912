import LibP2PCore
import NIOCore
import Wire

/// Serves the streams of one DHT: many requests on a stream, answered in order.
///
/// The stream's back-pressure bounds a peer's requests: the next one is read when the answer before it has been taken.
/// A request that breaks the rules ends the stream by a reset, since the protocol has no error message.
struct KademliaServer: StreamHandler {
    /// A stream without a request for so long is reset (go-libp2p-kad-dht).
    private static let idleLimit = Duration.seconds(60)

    let protocols: [ProtocolID]
    let limits: StreamLimits
    let responder: KademliaResponder
    let network: any Network

    init(_ configuration: KademliaConfiguration, responder: KademliaResponder, network: any Network) {
        protocols = [configuration.protocolID]
        limits = StreamLimits(perConnection: configuration.streamsPerConnection, idle: Self.idleLimit)
        self.responder = responder
        self.network = network
    }

    func handle(_ stream: Stream) async throws {
        var table = PublishedSnapshot.Reader(responder.table)
        var asker = KademliaResponder.Asker(
            peer: stream.remotePeer, key: KademliaKey(stream.remotePeer), address: stream.connection.remoteAddress,
            vocabulary: .current)
        var isAgentKnown = false
        while let request = try await stream.message(KademliaMessage.self, max: KademliaMessage.Limits.messageSize) {
            // The first requests may come before identify has told who asks.
            if !isAgentKnown, let agent = network.peerStore.description(of: asker.peer)?.agentVersion {
                asker.vocabulary = AddressVocabulary(agentVersion: agent)
                isAgentKnown = true
            }
            guard let answer = try responder.answer(request, from: asker, table: table.read()) else { continue }
            var frame = ByteBuffer()
            frame.reserveCapacity(answer.readableBytes + 5)
            frame.writeDelimited(answer)
            try await stream.write(frame)
        }
    }
}
