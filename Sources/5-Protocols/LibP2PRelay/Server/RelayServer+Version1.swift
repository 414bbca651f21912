import LibP2PCore
import LibP2PIdentity
import NIOCore
import Wire

// Circuits of version 1. The rules are those of go-libp2p-circuit, with limits that the protocol itself lacks.
extension RelayServer: Version1Side {
    /// The target said no, in its own words.
    private struct TargetStatus: Error {
        let status: CircuitStatus
    }

    /// Answers a request for a circuit.
    func answer(_ message: CircuitMessage, on stream: Stream) async throws {
        switch check(message, from: stream.connection) {
        case .failure(let denial): try await refuse(denial, on: stream)
        case .success(let target): try await connect(to: target, message, on: stream)
        }
    }

    private struct Denial: Error {
        let refusal: RelayRefusal
        let status: CircuitStatus
    }

    /// What can be said of a request without looking at the tables.
    private func check(_ message: CircuitMessage, from connection: Connection) -> Result<PeerID, Denial> {
        guard !connection.isRelayed else { return .failure(Denial(refusal: .relayed, status: .hopCannotRelay)) }
        if message.source?.hasOverlongAddress == true {
            return .failure(Denial(refusal: .addressTooLong, status: .hopSourceAddressTooLong))
        }
        // js-libp2p of 2020 does not look, so that anybody could speak in the name of anybody.
        guard message.source?.peerID == connection.remotePeer else {
            return .failure(Denial(refusal: .sourceMismatch, status: .hopSourceInvalid))
        }
        if message.destination?.hasOverlongAddress == true {
            return .failure(Denial(refusal: .addressTooLong, status: .hopDestinationAddressTooLong))
        }
        guard let target = message.destination?.peerID else {
            return .failure(Denial(refusal: .malformed, status: .hopDestinationInvalid))
        }
        guard target != network.localPeer else { return .failure(Denial(refusal: .toSelf, status: .hopToSelf)) }
        return .success(target)
    }

    private func connect(to target: PeerID, _ message: CircuitMessage, on stream: Stream) async throws {
        let request = CircuitRequest(
            version: 1, target: target, protocolID: RelayProtocols.version1, needsReservation: false)
        let circuit: AdmittedCircuit
        do {
            circuit = try admit(request, from: stream.connection)
        } catch {
            let status: CircuitStatus = error == .notConnected ? .hopNoConnection : .hopCannotRelay
            return try await refuse(Denial(refusal: error, status: status), target: target, on: stream)
        }
        defer { forget(circuit) }
        var greeting = ByteBuffer()
        greeting.writeDelimited(CircuitMessage.status(.success))
        // The same message with another type: programs of 2020 read both peers' addresses out of it.
        var call = message
        call.kind = .stop
        call.status = nil
        let sent = call
        do {
            let ending = try await run(circuit, for: request, on: stream, greeting: greeting) { target in
                try await Self.ask(target, sent)
            }
            if let ending { counters.count(ending) }
        } catch {
            try await refuse(Self.denial(for: error), target: target, on: stream)
        }
    }

    /// Asks the target whether it takes the circuit.
    private static func ask(_ stream: Stream, _ call: CircuitMessage) async throws {
        try await stream.write(message: call)
        let answer = try await stream.message(CircuitMessage.self, max: RelayProtocols.maxMessageLength)
        guard answer?.kind == .status, let status = answer?.status else { throw RelayRefusal.targetFailed }
        guard status == .success else { throw TargetStatus(status: status) }
    }

    private static func denial(for error: any Error) -> Denial {
        if let answer = error as? TargetStatus { return Denial(refusal: .targetRefused, status: answer.status) }
        let hasNoStream = (error as? NetworkError).map { [.unsupportedProtocol, .refused, .closed].contains($0.code) }
        return Denial(
            refusal: .targetFailed, status: hasNoStream == true ? .hopCannotDial : .hopCannotOpenStream)
    }

    private func refuse(_ denial: Denial, target: PeerID? = nil, on stream: Stream) async throws {
        note(denial.refusal, of: stream.remotePeer, version: 1, target: target)
        try await stream.write(message: CircuitMessage.status(denial.status))
    }
}
