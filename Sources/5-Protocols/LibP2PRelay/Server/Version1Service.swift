public import LibP2PCore
import NIOCore
import Synchronization
import Wire

/// Serves circuit relay version 1, whose one protocol carries both the requests to a relay and the calls from a relay.
///
/// The node's relay server and its relay client both use it. The protocol is served while either does, and identify tells
/// so; whether the node relays it tells those who ask (CAN_HOP).
///
/// Spec: libp2p/specs relay/circuit-v1.md.
public final class Version1Service: StreamHandler {
    private struct Sides: Sendable {
        weak var relay: (any Version1Side)?
        weak var client: (any Version1Side)?

        var isEmpty: Bool { relay == nil && client == nil }
    }

    /// See `StreamHandler`.
    public let protocols = [RelayProtocols.version1]
    /// The first message must come within a minute. Relayed connections get an answer too: that they may not.
    public let limits = StreamLimits(idle: .seconds(60), allowsLimitedConnections: true)

    private let network: any Network
    private let sides = Mutex(Sides())

    /// Makes a service that is not served yet.
    public init(network: any Network) { self.network = network }

    /// Who answers requests to the relay (HOP); nil to refuse them. It is held weakly.
    func setRelay(_ side: (any Version1Side)?) { change { $0.relay = side } }

    /// Who answers calls from relays (STOP); nil to refuse them. It is held weakly.
    func setClient(_ side: (any Version1Side)?) { change { $0.client = side } }

    private func change(_ change: (inout Sides) -> Void) {
        let (was, isNow) = sides.withLock { sides in
            let before = !sides.isEmpty
            change(&sides)
            return (before, !sides.isEmpty)
        }
        if isNow, !was { network.serve(self) }
        if was, !isNow { network.stopServing(protocols) }
    }

    /// See `StreamHandler`.
    public func handle(_ stream: Stream) async throws {
        let message: CircuitMessage?
        do {
            message = try await stream.message(CircuitMessage.self, max: RelayProtocols.maxMessageLength)
        } catch let error as NetworkError where error.code == .malformed || error.code == .tooLarge {
            return try await stream.write(message: CircuitMessage.status(.malformedMessage))
        }
        guard let message else { return }
        let (relay, client) = sides.withLock { ($0.relay, $0.client) }
        switch message.kind {
        case .canHop:
            try await stream.write(message: CircuitMessage.status(relay == nil ? .hopCannotRelay : .success))
        case .hop:
            guard let relay else { return try await stream.write(message: CircuitMessage.status(.hopCannotRelay)) }
            try await relay.answer(message, on: stream)
        case .stop:
            guard let client else { return try await stream.write(message: CircuitMessage.status(.stopRefused)) }
            try await client.answer(message, on: stream)
        case .status, nil:
            try await stream.write(message: CircuitMessage.status(.malformedMessage))
        }
    }
}

/// One of the two sides of version 1.
protocol Version1Side: AnyObject, Sendable {
    /// Answers a request that was read, on the stream on which it came. Returning closes the stream, throwing resets it.
    func answer(_ message: CircuitMessage, on stream: Stream) async throws
}
