import LibP2PCore
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import StarSignalling

/// Loops with threads of their own: the star's state is touched on the right ones (debug builds check it), and nothing
/// gets lost between them.
@Suite("The star spans loops", .timeLimit(.minutes(1)))
struct StarThreadTests {
    /// Counts what comes, and tells when enough is there.
    final class CountingOutput: SocketOutput {
        var missing: Int
        let done: EventLoopPromise<Void>
        let answer: @Sendable (PacketBatch) -> Void

        init(_ count: Int, _ done: EventLoopPromise<Void>, answer: @escaping @Sendable (PacketBatch) -> Void = { _ in })
        {
            missing = count
            self.done = done
            self.answer = answer
        }

        func send(_ batch: PacketBatch) {
            answer(batch)
            missing -= batch.count
            if missing <= 0 { done.succeed() }
        }

        func close(_ reason: StarSignalling.CloseReason) { done.fail(NetworkError(.closed, "closed: \(reason)")) }
    }

    @Test("joins are announced, and handshakes reach their targets, on all loops")
    func joinsAndHandshakes() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 3)
        let loops = LoopGroup(group)
        let hub = StarHub(refresh: .zero)
        let count = 30
        let ready = (0..<count).map { _ in group.next().makePromise(of: Void.self) }
        let sockets = Mutex<[ServerSocket]>([])
        for number in 0..<count {
            let executor = loops.executors[number % 3]
            try await executor.loop.submit {
                // Introductions and announcements of all others, then a handshake of the one before.
                let output = CountingOutput(count, ready[number])
                let socket = ServerSocket(
                    id: SocketID(RandomSource()), executor: executor, source: nil, output: output)
                sockets.withLock { $0.append(socket) }
                hub.connected(socket)
                Self.send("ss-join", "\"/\(number)\"", from: socket, to: hub)
            }.get()
        }
        for (number, socket) in sockets.withLock({ $0 }).enumerated() {
            let offer = StarClient.offer(from: "/\(number)", to: "/\((number + 1) % count)")
            try await socket.executor.loop.submit { Self.send("ss-handshake", offer, from: socket, to: hub) }.get()
        }
        for promise in ready { try await promise.futureResult.get() }
        #expect(hub.counters[StarCounters.Event.dialFailures] == 0)
        for socket in sockets.withLock({ $0 }) {
            try await socket.executor.loop.submit {
                socket.detach()
                hub.disconnected(socket)
            }.get()
        }
        #expect(hub.roster.localCount == 0)
        #expect(hub.socketCount == 0)
        try await group.shutdownGracefully()
    }

    static func send(_ name: String, _ argument: String, from socket: ServerSocket, to hub: StarHub) {
        let text = ByteBuffer(string: argument)
        hub.received(SocketEvent(name: name, arguments: [text], text: text), from: socket)
    }
}
