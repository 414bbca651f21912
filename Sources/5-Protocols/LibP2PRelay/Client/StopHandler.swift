import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore
import Wire

/// Takes circuits that relays bring: version 2.
struct StopHandler: StreamHandler {
    let transport: RelayTransport
    let protocols = [RelayProtocols.stop]
    /// Each stream is a circuit. The request must come within a minute; then the connection inside has its own limits.
    let limits = StreamLimits(perConnection: 64, total: 1024, idle: .seconds(60))

    func handle(_ stream: Stream) async throws {
        let message: StopMessage?
        do {
            message = try await stream.message(StopMessage.self, max: RelayProtocols.maxMessageLength)
        } catch let error as NetworkError where error.code == .malformed || error.code == .tooLarge {
            return try await stream.write(message: StopMessage.status(.malformedMessage))
        }
        guard let message else { return }
        guard message.kind == .connect else {
            return try await stream.write(message: StopMessage.status(.unexpectedMessage))
        }
        guard let source = message.peer?.peerID, source != transport.network.localPeer else {
            return try await stream.write(message: StopMessage.status(.malformedMessage))
        }
        guard let listener = transport.listener(for: stream) else {
            return try await stream.write(message: StopMessage.status(.permissionDenied))
        }
        try await stream.write(message: StopMessage.status(.ok))
        try await listener.take(stream, from: source, isLimited: message.limit?.isLimiting ?? false)
    }
}

/// Takes circuits that relays bring: version 1.
extension RelayTransport: Version1Side {
    func answer(_ message: CircuitMessage, on stream: Stream) async throws {
        guard let listener = listener(for: stream) else {
            return try await stream.write(message: CircuitMessage.status(.stopRefused))
        }
        if message.source?.hasOverlongAddress == true {
            return try await stream.write(message: CircuitMessage.status(.stopSourceAddressTooLong))
        }
        guard let source = message.source?.peerID, source != network.localPeer else {
            return try await stream.write(message: CircuitMessage.status(.stopSourceInvalid))
        }
        if message.destination?.hasOverlongAddress == true {
            return try await stream.write(message: CircuitMessage.status(.stopDestinationAddressTooLong))
        }
        guard message.destination?.peerID == network.localPeer else {
            return try await stream.write(message: CircuitMessage.status(.stopDestinationInvalid))
        }
        try await stream.write(message: CircuitMessage.status(.success))
        // The protocol cannot tell limits, so there are none as far as this node knows.
        try await listener.take(stream, from: source, isLimited: false)
    }
}

extension RelayTransport {
    /// The listener that a relay's circuit belongs to; nil when this node does not listen behind that relay, or the relay
    /// itself is behind one.
    func listener(for stream: Stream) -> RelayListener? {
        stream.connection.isRelayed ? nil : listener(at: stream.remotePeer)
    }
}

extension RelayListener {
    /// Makes a connection of a stream from the relay that both sides have agreed on, and waits until that has ended.
    ///
    /// - Parameter source: whom the relay names; the handshake proves it.
    nonisolated func take(_ stream: Stream, from source: PeerID, isLimited: Bool) async throws {
        stream.liftTimeLimits()
        let connection = stream.connection
        let remote = try connection.remoteAddress.circuit(through: connection.remotePeer)
        let end = ConnectionEnd(
            role: .listener, executor: connection.executor, localAddress: address, remoteAddress: remote,
            expectedPeer: source, admission: try upgrader.admit(from: remote), isLimited: isLimited)
        try await CircuitChannel.carry(stream, as: end, upgrader: upgrader)
    }
}
