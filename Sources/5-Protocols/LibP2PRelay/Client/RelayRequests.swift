import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore
import Wire

/// What a peer asks of a relay: a place, or a circuit. In version 2 if the relay speaks it, else in version 1.
struct RelayRequests: Sendable {
    let network: any Network

    /// The protocols, in the order in which they are proposed.
    static let protocols = [RelayProtocols.hop, RelayProtocols.version1]
    /// How long a relay may take to grant a place. A circuit may take longer: the relay has to ask the target.
    static let reservationTimeout = Duration.seconds(20)
    /// How long a relay may take to make a circuit. It gives the target a minute.
    static let circuitTimeout = Duration.seconds(60)
    /// The most of this node's addresses that a relay of version 1 is told; its messages are short.
    private static let maxOwnAddresses = 8

    /// Asks for a place, or for a longer one.
    ///
    /// - Throws: ``RelayError`` when the relay refuses, or `NetworkError`.
    func reserve(on connection: Connection) async throws -> Reservation {
        try await connection.withStream(Self.protocols, timeout: Self.reservationTimeout) { stream in
            if stream.protocolID == RelayProtocols.version1 {
                try await stream.write(message: CircuitMessage.canHop)
                try await answer(CircuitMessage.self, on: stream).requireSuccess(of: stream.remotePeer)
                return .version1
            }
            try await stream.write(message: HopMessage.reserve)
            return try Reservation(
                try await answer(HopMessage.self, on: stream), of: stream.remotePeer, for: network.localPeer,
                now: network.clock.now)
        }
    }

    /// Asks for a circuit. When this returns the stream leads to the target.
    ///
    /// - Parameter stream: to the relay, with one of ``protocols`` agreed.
    /// - Returns: the circuit's bounds, if the relay tells any.
    /// - Throws: ``RelayError`` when the relay refuses, or `NetworkError`.
    func connect(to target: PeerID, on stream: Stream) async throws -> CircuitLimit? {
        let executor = stream.connection.executor
        let bound = NIOLoopBound(stream, eventLoop: executor.loop)
        let timer = executor.schedule(after: Self.circuitTimeout) {
            bound.value.reset(NetworkError(.timeout, "The relay made no circuit within \(Self.circuitTimeout)."))
        }
        defer { timer.cancel() }
        if stream.protocolID == RelayProtocols.version1 {
            try await stream.write(message: hop(to: target))
            try await answer(CircuitMessage.self, on: stream).requireSuccess(of: stream.remotePeer)
            return nil
        }
        try await stream.write(message: HopMessage.connect(to: RelayedPeer(target)))
        let answer = try await answer(HopMessage.self, on: stream)
        try answer.requireOK(of: stream.remotePeer)
        return answer.limit
    }

    /// Programs of 2020 read the first address of both peers without looking whether there is one.
    private func hop(to target: PeerID) throws -> CircuitMessage {
        let own = network.addresses.prefix(Self.maxOwnAddresses)
        return .hop(
            from: RelayedPeer(
                network.localPeer, addresses: own.isEmpty ? [try Multiaddr(naming: network.localPeer)] : Array(own)),
            to: RelayedPeer(target, addresses: [try Multiaddr(naming: target)]))
    }

    private func answer<Message: ProtobufMessage>(_ type: Message.Type, on stream: Stream) async throws -> Message {
        guard let message = try await stream.message(type, max: RelayProtocols.maxMessageLength) else {
            throw RelayError(.noAnswer, "relay \(stream.remotePeer) closed the stream without an answer")
        }
        return message
    }
}

extension Multiaddr {
    /// `/p2p/<peer>`, which says who and not where.
    init(naming peer: PeerID) throws(MultiformatsError) {
        try self.init([try Component(.p2p, value: peer.bytes)])
    }
}
