import LibP2PCore
import LibP2PTesting
import NIOCore
import NIOWebSocket
import Testing

@testable import LibP2PTransports

/// Frames in, bytes out, and the other way round, on simulated channels.
struct WebSocketByteHandlerTests {
    /// A channel with the handler, and at its other end one that sees the frames' bytes.
    private struct Bench {
        let simulation: Simulation
        let channel: PipeChannel
        let peer: PipeChannel
        let upper = PipeChannelTests.Recorder()
        let wire = PipeChannelTests.Recorder()

        init(_ simulation: Simulation, role: HandshakeRole = .listener, maxFrameSize: Int = 70_000) throws {
            self.simulation = simulation
            (channel, peer) = MemoryPipe.channels(on: simulation.executor, capacity: 1 << 20)
            try channel.pipeline.syncOperations.addHandlers([
                WebSocketFrameEncoder(), ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: maxFrameSize)),
                WebSocketByteHandler(role: role), upper,
            ])
            try peer.pipeline.syncOperations.addHandler(wire)
        }

        /// Sends bytes as they are and lets them arrive.
        func receive(_ bytes: [UInt8]) {
            peer.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
            simulation.loop.runUntilIdle()
        }

        /// The code of the close frame that was sent last, from a server.
        var closeCode: UInt16? {
            guard wire.bytes.count >= 4, wire.bytes.suffix(4).prefix(2) == [0x88, 2] else { return nil }
            return wire.bytes.suffix(2).reduce(0) { $0 << 8 | UInt16($1) }
        }
    }

    /// A frame as a client sends it, with a mask.
    private static func masked(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let mask: [UInt8] = [0x11, 0x22, 0x33, 0x44]
        var frame = [first]
        if payload.count < 126 {
            frame.append(0x80 | UInt8(payload.count))
        } else {
            frame += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
        }
        return frame + mask + payload.enumerated().map { $0.element ^ mask[$0.offset % 4] }
    }

    @Test
    func binaryFramesWholeAndInFragmentsAreBytes() throws {
        try Simulation.run { simulation in
            let bench = try Bench(simulation)
            bench.receive(Self.masked(0x82, [1, 2, 3]))
            bench.receive(Self.masked(0x02, [4]) + Self.masked(0x00, [5, 6]) + Self.masked(0x89, [7]))
            bench.receive(Self.masked(0x80, []) + Self.masked(0x82, []))
            let long = (0..<60_000).map { UInt8(truncatingIfNeeded: $0) }
            bench.receive(Self.masked(0x82, long))
            #expect(bench.upper.bytes == [1, 2, 3, 4, 5, 6] + long)
            // The ping in between was answered.
            #expect(bench.wire.bytes == [0x8a, 1, 7])
        }
    }

    @Test
    func oneFlushIsOneFrame() throws {
        try Simulation.run { simulation in
            let bench = try Bench(simulation)
            var written = 0
            for byte in 1...5 {
                bench.channel.write(ByteBuffer(bytes: [UInt8(byte)])).assumeIsolated().whenSuccess { written += 1 }
            }
            simulation.loop.runUntilIdle()
            #expect(bench.wire.bytes.isEmpty)
            bench.channel.flush()
            simulation.loop.runUntilIdle()
            #expect(bench.wire.bytes == [0x82, 5, 1, 2, 3, 4, 5])
            #expect(written == 5)
            // Joining stops at 64 KiB.
            for _ in 0..<3 { bench.channel.write(ByteBuffer(repeating: 9, count: 30_000), promise: nil) }
            bench.channel.flush()
            simulation.loop.runUntilIdle()
            #expect(bench.wire.bytes.count == 7 + 90_000 + 4 + 4)
        }
    }

    @Test
    func clientsMaskAndServersDoNot() throws {
        try Simulation.run { simulation in
            let client = try Bench(simulation, role: .dialer)
            client.channel.writeAndFlush(ByteBuffer(bytes: [1, 2]), promise: nil)
            client.receive([0x82, 2, 3, 4])
            #expect(client.upper.bytes == [3, 4])
            #expect(client.wire.bytes.prefix(2) == [0x82, 0x82])
            #expect(client.wire.bytes.count == 8)
            // A masked frame from a server breaks the rules.
            client.receive(Self.masked(0x82, [1]))
            #expect(!client.channel.isActive)
        }
    }

    /// What breaks the rules, with the close code that answers it (RFC 6455 section 7.4).
    static let violations: [(bytes: [UInt8], code: UInt16)] = [
        (masked(0x81, Array("text".utf8)), 1003),
        (masked(0x01, Array("te".utf8)), 1003),
        ([0x82, 1, 0], 1002),
        (masked(0xc2, [1]), 1002),
        (masked(0x80, [1]), 1002),
        (masked(0x02, [1]) + masked(0x02, [2]), 1002),
        (masked(0x83, [1]), 1002),
        (masked(0x09, [1]), 1002),
        (masked(0x89, [UInt8](repeating: 0, count: 126)), 1002),
        ([0x82, 0xff, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0], 1009),
        ([0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], 1009),
    ]

    @Test(arguments: violations)
    func whatBreaksTheRulesClosesWithItsCode(bytes: [UInt8], code: UInt16) throws {
        try Simulation.run { simulation in
            let bench = try Bench(simulation)
            bench.receive(bytes)
            #expect(bench.closeCode == code)
            #expect(!bench.channel.isActive)
            #expect(!bench.peer.isActive)
        }
    }

    @Test
    func closingIsToldAndAnswered() throws {
        try Simulation.run { simulation in
            let told = try Bench(simulation)
            told.channel.close(promise: nil)
            simulation.loop.runUntilIdle()
            #expect(told.wire.bytes == [0x88, 2, 0x03, 0xe8])
            let answered = try Bench(simulation)
            answered.receive(Self.masked(0x88, [0x03, 0xe8]))
            #expect(answered.wire.bytes == [0x88, 2, 0x03, 0xe8])
            #expect(!answered.channel.isActive)
        }
    }

    @Test
    func pingsOfAPeerThatDoesNotReadAreNotAnsweredForEver() throws {
        try Simulation.run { simulation in
            let bench = try Bench(simulation)
            try bench.peer.syncOptions?.setOption(.autoRead, value: false)
            try bench.channel.syncOptions?.setOption(.writeBufferWaterMark, value: .init(low: 100, high: 1000))
            let ping = Self.masked(0x89, [UInt8](repeating: 1, count: 100))
            for _ in 0..<20_000 { bench.peer.writeAndFlush(ByteBuffer(bytes: ping), promise: nil) }
            simulation.loop.runUntilIdle()
            try bench.peer.syncOptions?.setOption(.autoRead, value: true)
            simulation.loop.runUntilIdle()
            #expect(bench.wire.bytes.count < (1 << 20) + 2000)
            #expect(bench.channel.isActive)
        }
    }

    /// Any bytes give bytes or a close, never a trap.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func randomFramesDoNoHarm(seed: UInt64) throws {
        try Simulation.run(seed: seed) { simulation in
            let bench = try Bench(simulation)
            var generator = simulation.random.generator
            for _ in 0..<20 {
                var bytes = Self.masked(
                    [0x82, 0x02, 0x80, 0x89, 0x8a].randomElement(using: &generator) ?? 0x82,
                    simulation.random.bytes(Int.random(in: 0...200, using: &generator)))
                switch Int.random(in: 0..<4, using: &generator) {
                case 0:
                    let index = Int.random(in: 0..<min(8, bytes.count), using: &generator)
                    bytes[index] ^= UInt8.random(in: 1...255, using: &generator)
                case 1: bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
                default: break
                }
                bench.receive(bytes)
            }
            #expect(bench.upper.bytes.count <= 20 * 300)
        }
    }
}
