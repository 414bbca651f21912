import Multiformats
import NIOCore
import Synchronization

@testable import StarSignalling

/// A service that remembers what it is told.
final class RecordingService: SocketService {
    private struct State {
        var log: [String] = []
        var sockets: [ServerSocket] = []
        var events: [SocketEvent] = []
    }

    private let state = Mutex(State())
    private let admits: Bool

    init(admits: Bool = true) { self.admits = admits }

    /// What happened, in order.
    var log: [String] { state.withLock { $0.log } }

    /// The sockets that are connected.
    var sockets: [ServerSocket] { state.withLock { $0.sockets } }

    var events: [SocketEvent] { state.withLock { $0.events } }

    func admit(_ source: IPAddress?) -> Bool { admits }

    func connected(_ socket: ServerSocket) {
        state.withLock {
            $0.log.append("connected")
            $0.sockets.append(socket)
        }
    }

    func received(_ event: SocketEvent, from socket: ServerSocket) {
        let arguments = event.arguments.map { String(buffer: $0) }.joined(separator: " ")
        state.withLock {
            $0.log.append("\(event.name) \(arguments)")
            $0.events.append(event)
        }
        // Answers one event, so that the way back is seen.
        if event.name == "echo", let argument = event.arguments.first {
            var batch = PacketBatch()
            batch.append(event: "echoed", argument: argument)
            socket.send(batch)
        }
    }

    func disconnected(_ socket: ServerSocket) {
        state.withLock {
            $0.log.append("disconnected")
            $0.sockets.removeAll { $0 === socket }
        }
    }
}
