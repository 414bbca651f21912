import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore

/// One circuit that this node asks for.
struct CircuitDial: Sendable {
    let target: PeerID
    /// The connection to the relay.
    let relay: Connection
    let requests: RelayRequests
    let upgrader: any ConnectionUpgrader

    /// Asks for the circuit and upgrades it. A task of the relay connection's loop stays with the stream as long as the
    /// connection in it lives.
    ///
    /// - Throws: `NetworkError`; the relay's reason is in it. Cancelling gives the attempt up.
    func run() async throws -> Connection {
        let promise = relay.executor.loop.makePromise(of: Connection.self)
        let task = relay.executor.spawn {
            do {
                try await self.open(promise)
            } catch {
                promise.fail(self.reason(error))
            }
        }
        return try await withTaskCancellationHandler {
            try await promise.futureResult.get()
        } onCancel: {
            task.cancel()
        }
    }

    private func open(_ promise: EventLoopPromise<Connection>) async throws {
        do {
            try await open(RelayRequests.protocols, promise)
        } catch let error as RelayError where error.code == .noReservation && relaysVersion1 {
            // A program of 2020 cannot reserve; it is reached merely by being connected to the relay.
            try await open([RelayProtocols.version1], promise)
        }
    }

    private var relaysVersion1: Bool {
        let description = requests.network.peerStore.description(of: relay.remotePeer)
        return description?.protocols.contains(RelayProtocols.version1) ?? false
    }

    private func open(_ protocols: [ProtocolID], _ promise: EventLoopPromise<Connection>) async throws {
        try await relay.withStream(protocols) { stream in
            let limit = try await requests.connect(to: target, on: stream)
            let end = ConnectionEnd(
                role: .dialer, executor: relay.executor, localAddress: relay.end.localAddress,
                remoteAddress: try relay.remoteAddress.circuit(through: relay.remotePeer), expectedPeer: target,
                isLimited: limit?.isLimiting ?? false)
            try await CircuitChannel.carry(stream, as: end, upgrader: upgrader, promise: promise)
        }
    }

    private func reason(_ error: any Error) -> NetworkError {
        switch error {
        case let error as NetworkError: error
        case let error as RelayError: NetworkError(.unreachable, error.message, cause: error)
        default: NetworkError(.unreachable, "No circuit to \(target) through \(relay.remotePeer).", cause: error)
        }
    }
}
