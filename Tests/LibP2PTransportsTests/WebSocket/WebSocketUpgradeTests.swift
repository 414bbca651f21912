import LibP2PCore
import LibP2PTesting
import NIOCore
import Synchronization
import Testing

@testable import LibP2PTransports

/// The HTTP upgrade's budget of time, on simulated channels.
struct WebSocketUpgradeTests {
    private static let request =
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

    /// A server channel and what its other end sees.
    private struct Bench {
        let simulation: Simulation
        let server: PipeChannel
        let peer: PipeChannel
        let wire = PipeChannelTests.Recorder()
        let takenOver = TakeOver()

        init(_ simulation: Simulation) throws {
            self.simulation = simulation
            let (left, right) = MemoryPipe.pair(on: simulation.executor)
            server = PipeChannel(left, on: simulation.loop)
            peer = PipeChannel(right, on: simulation.loop)
            let takenOver = takenOver
            try WebSocketServerPipeline.install(on: server, time: .seconds(10)) { channel in takenOver.note(channel) }
            try peer.pipeline.syncOperations.addHandler(wire)
            server.activate()
            peer.activate()
        }

        func send(_ text: String) {
            peer.writeAndFlush(ByteBuffer(string: text), promise: nil)
            simulation.loop.runDue()
        }

        var answer: String { String(decoding: wire.bytes, as: UTF8.self) }
    }

    private final class TakeOver: Sendable {
        private let channel = Mutex<(any Channel)?>(nil)
        var isDone: Bool { channel.withLock { $0 != nil } }
        func note(_ channel: any Channel) { self.channel.withLock { $0 = channel } }
    }

    @Test
    func aSlowRequestIsCutOffByTheClock() throws {
        try Simulation.run { simulation in
            let bench = try Bench(simulation)
            for byte in Self.request.prefix(9) {
                bench.send(String(byte))
                simulation.loop.advance(by: .seconds(1))
            }
            #expect(bench.server.isActive)
            #expect(bench.answer.isEmpty)
            simulation.loop.advance(by: .seconds(1))
            #expect(bench.answer.hasPrefix("HTTP/1.1 408 "))
            #expect(!bench.server.isActive)
        }
    }

    @Test
    func anUpgradedChannelHasNoMoreBudgetAndNoHTTP() throws {
        try Simulation.run { simulation in
            let bench = try Bench(simulation)
            // The first frame comes in the same packet as the request.
            bench.peer.writeAndFlush(
                ByteBuffer(bytes: Array(Self.request.utf8) + [0x82, 0x81, 0, 0, 0, 0, 42]), promise: nil)
            simulation.loop.runDue()
            #expect(bench.takenOver.isDone)
            #expect(bench.answer.hasPrefix("HTTP/1.1 101 "))
            let handlers = bench.server.pipeline.debugDescription
            #expect(!handlers.contains("HTTP"))
            #expect(!handlers.contains("Upgrade"))
            simulation.loop.advance(by: .seconds(60))
            #expect(bench.server.isActive)
            bench.server.close(promise: nil)
            simulation.loop.runUntilIdle()
        }
    }

    @Test
    func aSilentServerFailsTheDial() throws {
        try Simulation.run { simulation in
            let (left, right) = MemoryPipe.pair(on: simulation.executor)
            let client = PipeChannel(left, on: simulation.loop)
            let server = PipeChannel(right, on: simulation.loop)
            let wire = PipeChannelTests.Recorder()
            let box = FailureBox()
            try WebSocketClientPipeline.install(
                on: client, host: "192.0.2.1:80", time: .seconds(10), takeOver: { _ in }, fail: { box.note($0) })
            try server.pipeline.syncOperations.addHandler(wire)
            client.activate()
            server.activate()
            simulation.loop.advance(by: .seconds(9))
            let request = String(decoding: wire.bytes, as: UTF8.self)
            #expect(request.hasPrefix("GET / HTTP/1.1\r\nHost: 192.0.2.1:80\r\n"))
            #expect(client.isActive)
            simulation.loop.advance(by: .seconds(1))
            #expect(box.code == .timeout)
            #expect(!client.isActive)
        }
    }

    private final class FailureBox: Sendable {
        private let first = Mutex<NetworkError?>(nil)
        var code: NetworkError.Code? { first.withLock { $0?.code } }
        func note(_ error: NetworkError) { first.withLock { if $0 == nil { $0 = error } } }
    }
}
