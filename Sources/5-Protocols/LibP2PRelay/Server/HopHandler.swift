import LibP2PCore
import LibP2PIdentity
import NIOCore
import Wire

/// Answers the requests of version 2: one on each stream.
struct HopHandler: StreamHandler {
    let server: RelayServer
    let protocols = [RelayProtocols.hop]
    /// The first message must come within a minute. Relayed connections get an answer too: that they may not.
    let limits = StreamLimits(idle: .seconds(60), allowsLimitedConnections: true)

    func handle(_ stream: Stream) async throws {
        let message: HopMessage?
        do {
            message = try await stream.message(HopMessage.self, max: RelayProtocols.maxMessageLength)
        } catch let error as NetworkError where error.code == .malformed || error.code == .tooLarge {
            return try await refuse(.malformed, on: stream)
        }
        guard let message else { return }
        switch message.kind {
        case .reserve: try await stream.write(message: server.reserve(on: stream.connection))
        case .connect: try await connect(message, on: stream)
        case .status, nil: try await refuse(.malformed, on: stream)
        }
    }

    private func connect(_ message: HopMessage, on stream: Stream) async throws {
        guard !stream.connection.isRelayed else { return try await refuse(.relayed, on: stream) }
        guard let target = message.peer?.peerID else { return try await refuse(.malformed, on: stream) }
        let request = RelayServer.CircuitRequest(
            version: 2, target: target, protocolID: RelayProtocols.stop, needsReservation: true)
        let circuit: RelayServer.AdmittedCircuit
        do {
            circuit = try server.admit(request, from: stream.connection)
        } catch {
            return try await refuse(error, of: target, on: stream)
        }
        defer { server.forget(circuit) }
        let limit = circuit.bounds.announced
        var greeting = ByteBuffer()
        greeting.writeDelimited(HopMessage.status(.ok, limit: limit))
        let call = StopMessage.connect(from: RelayedPeer(stream.remotePeer), limit: limit)
        do {
            let ending = try await server.run(circuit, for: request, on: stream, greeting: greeting) { target in
                try await Self.ask(target, call)
            }
            if let ending { server.counters.count(ending) }
        } catch {
            try await refuse(error as? RelayRefusal ?? .targetFailed, of: target, on: stream)
        }
    }

    /// Asks the target whether it takes the circuit.
    private static func ask(_ stream: Stream, _ call: StopMessage) async throws {
        try await stream.write(message: call)
        let answer = try await stream.message(StopMessage.self, max: RelayProtocols.maxMessageLength)
        guard answer?.kind == .status, let status = answer?.status else { throw RelayRefusal.targetFailed }
        guard status == .ok else { throw RelayRefusal.targetRefused }
    }

    private func refuse(_ refusal: RelayRefusal, of target: PeerID? = nil, on stream: Stream) async throws {
        server.note(refusal, of: stream.remotePeer, version: 2, target: target)
        try await stream.write(message: HopMessage.status(refusal.status))
    }
}
