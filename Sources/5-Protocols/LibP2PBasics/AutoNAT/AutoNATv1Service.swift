public import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore
import Synchronization

/// Tells peers whether they can be reached from outside, by dialling them back: AutoNAT version 1, the server.
///
/// Only the IP address from which the request came is dialled, so that nobody can aim the node at a third party.
///
/// Spec: libp2p/specs autonat/autonat-v1.
public final class AutoNATv1Service: StreamHandler {
    /// See `StreamHandler`.
    public let protocols: [ProtocolID] = ["/libp2p/autonat/1.0.0"]
    /// One request a stream, which may wait for a whole dial. A relayed peer has no address to prove.
    public let limits = StreamLimits(perConnection: 2, total: 64, idle: .seconds(30), lifetime: .seconds(45))

    /// How long dialling may take, as in go-libp2p. A failed request is answered only after it, so that the time tells
    /// nothing about the network behind an address.
    static let dialTimeout = Duration.seconds(15)

    private let network: any Network
    private let window: Mutex<RequestWindow>

    /// Makes the handler.
    ///
    /// - Parameters:
    ///   - perMinute: dials for all peers together within a minute, as in go-libp2p.
    ///   - perPeer: dials for one peer within a minute.
    public init(network: any Network, perMinute: Int = 30, perPeer: Int = 3) {
        self.network = network
        window = Mutex(RequestWindow(total: perMinute, perPeer: perPeer))
    }

    /// See `StreamHandler`.
    public func handle(_ stream: Stream) async throws {
        guard let request = try await stream.message(AutoNATv1Message.self, max: AutoNATv1Message.maxLength) else {
            return
        }
        let response = await answer(request, from: stream.connection)
        try await stream.write(message: AutoNATv1Message.response(response))
    }

    private func answer(_ request: AutoNATv1Message, from connection: Connection) async -> AutoNATv1Message.Response {
        let peer = connection.remotePeer
        guard case .dial(let claimed, let named) = request, claimed == peer.bytes else {
            return .init(status: .badRequest, text: "the request must name the peer that sends it")
        }
        let candidates = AutoNATCandidates(
            observed: connection.remoteAddress, peer: peer, own: network.addresses,
            allowsPrivateAddresses: network.allowsPrivateAddresses
        ).onObservedAddress(named)
        guard !candidates.isEmpty else { return .init(status: .dialRefused, text: "no address that may be dialled") }
        let start = connection.executor.now
        guard window.withLock({ $0.admit(peer, at: start) }) else {
            return .init(status: .dialRefused, text: "too many requests")
        }
        let dialBack = DialBack(network: network)
        if let reached = await dialBack.firstReachable(candidates, of: peer, within: Self.dialTimeout) {
            return .init(status: .ok, address: reached.bytes)
        }
        let rest = Self.dialTimeout - .nanoseconds((connection.executor.now - start).nanoseconds)
        if rest > .zero { try? await connection.executor.sleep(for: rest) }
        return .init(status: .dialError, text: "dial failed")
    }
}
