import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import LibP2PTransports
import Multiformats
import NIOCore
import Testing

/// NIO's pipelines on a simulated loop.
struct PipeChannelTests {
    /// Notes what a pipeline tells.
    final class Recorder: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var bytes: [UInt8] = []
        var reads = 0
        var events: [String] = []

        func channelActive(context: ChannelHandlerContext) { events.append("active") }
        func channelInactive(context: ChannelHandlerContext) { events.append("inactive") }
        func channelUnregistered(context: ChannelHandlerContext) { events.append("unregistered") }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            bytes += unwrapInboundIn(data).readableBytesView
            reads += 1
        }
        func channelWritabilityChanged(context: ChannelHandlerContext) {
            events.append(context.channel.isWritable ? "writable" : "not writable")
        }
        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) { events.append("\(event)") }
        func handlerRemoved(context: ChannelHandlerContext) { events.append("removed") }
    }

    /// Frames of four bytes.
    private struct Quads: ByteToMessageDecoder {
        typealias InboundOut = ByteBuffer
        mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
            guard let quad = buffer.readSlice(length: 4) else { return .needMoreData }
            context.fireChannelRead(wrapInboundOut(quad))
            return .continue
        }
    }

    /// Tells when nothing came for a while. NIO's own idle handler asks the machine's clock instead of the loop's.
    private final class SilenceTimer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let limit: TimeAmount
        private var timer: Scheduled<Void>?

        init(_ limit: TimeAmount) { self.limit = limit }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            timer?.cancel()
            timer = context.eventLoop.assumeIsolated().scheduleTask(in: limit) {
                context.fireUserInboundEventTriggered("silence")
            }
            context.fireChannelRead(data)
        }
    }

    @Test
    func aPipelineWithDecoderAndTimerRunsOnSimulatedTime() throws {
        try Simulation.run { simulation in
            let (left, right) = MemoryPipe.channels(on: simulation.executor, latency: .milliseconds(50))
            let recorder = Recorder()
            try right.pipeline.syncOperations.addHandlers([
                SilenceTimer(.seconds(5)), ByteToMessageHandler(Quads()), recorder,
            ])
            left.writeAndFlush(ByteBuffer(bytes: [1, 2, 3]), promise: nil)
            left.writeAndFlush(ByteBuffer(bytes: [4, 5, 6, 7, 8, 9]), promise: nil)
            simulation.loop.advance(by: .milliseconds(49))
            #expect(recorder.reads == 0)
            simulation.loop.advance(by: .milliseconds(1))
            #expect(recorder.reads == 2)
            #expect(recorder.bytes == [1, 2, 3, 4, 5, 6, 7, 8])
            simulation.loop.advance(by: .seconds(6))
            #expect(recorder.events.first == "silence")
            left.close(promise: nil)
            simulation.loop.runUntilIdle()
            #expect(recorder.events.suffix(3) == ["inactive", "unregistered", "removed"])
            #expect(!left.isActive)
            #expect(!right.isActive)
        }
    }

    @Test
    func activationIsTold() throws {
        try Simulation.run { simulation in
            let (left, right) = MemoryPipe.pair(on: simulation.executor)
            let channels = [PipeChannel(left, on: simulation.loop), PipeChannel(right, on: simulation.loop)]
            let recorder = Recorder()
            try channels[0].pipeline.syncOperations.addHandler(recorder)
            #expect(!channels[0].isActive)
            channels[0].activate()
            channels[0].activate()
            #expect(recorder.events == ["active"])
            for channel in channels { channel.close(promise: nil) }
            simulation.loop.runUntilIdle()
        }
    }

    @Test
    func nothingIsReadWhileAutoReadIsOff() throws {
        try Simulation.run { simulation in
            let (left, right) = MemoryPipe.channels(on: simulation.executor)
            let recorder = Recorder()
            try right.pipeline.syncOperations.addHandler(recorder)
            try right.syncOptions?.setOption(.autoRead, value: false)
            left.writeAndFlush(ByteBuffer(bytes: [1]), promise: nil)
            simulation.loop.runUntilIdle()
            #expect(recorder.reads == 0)
            right.read()
            #expect(recorder.reads == 1)
            left.writeAndFlush(ByteBuffer(bytes: [2]), promise: nil)
            simulation.loop.runUntilIdle()
            #expect(recorder.reads == 1)
            try right.syncOptions?.setOption(.autoRead, value: true)
            #expect(recorder.bytes == [1, 2])
            left.close(promise: nil)
            simulation.loop.runUntilIdle()
        }
    }

    @Test
    func aFullPipeMakesTheChannelUnwritableUntilItDrains() throws {
        try Simulation.run { simulation in
            let (left, right) = MemoryPipe.channels(on: simulation.executor, capacity: 1000)
            let (writer, reader) = (Recorder(), Recorder())
            try left.pipeline.syncOperations.addHandler(writer)
            try right.pipeline.syncOperations.addHandler(reader)
            try left.syncOptions?.setOption(.writeBufferWaterMark, value: .init(low: 1000, high: 3000))
            try right.syncOptions?.setOption(.autoRead, value: false)
            for _ in 0..<6 { left.writeAndFlush(ByteBuffer(repeating: 1, count: 1000), promise: nil) }
            #expect(!left.isWritable)
            simulation.loop.runUntilIdle()
            #expect(reader.bytes.isEmpty)
            try right.syncOptions?.setOption(.autoRead, value: true)
            simulation.loop.runUntilIdle()
            #expect(reader.bytes.count == 6000)
            #expect(writer.events == ["not writable", "writable"])
            left.close(promise: nil)
            simulation.loop.runUntilIdle()
        }
    }

    @Test
    func oneDirectionEndsAloneWhereThatIsAllowed() throws {
        try Simulation.run { simulation in
            let (left, right) = MemoryPipe.channels(on: simulation.executor)
            let (one, other) = (Recorder(), Recorder())
            try left.pipeline.syncOperations.addHandler(one)
            try right.pipeline.syncOperations.addHandler(other)
            for channel in [left, right] { try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true) }
            left.close(mode: .output, promise: nil)
            simulation.loop.runUntilIdle()
            #expect(other.events == ["inputClosed"])
            #expect(right.isActive)
            right.writeAndFlush(ByteBuffer(bytes: [9]), promise: nil)
            simulation.loop.runUntilIdle()
            #expect(one.bytes == [9])
            right.close(mode: .output, promise: nil)
            simulation.loop.runUntilIdle()
            #expect(!left.isActive)
            #expect(!right.isActive)
        }
    }

    @Test
    func whatIsWrittenAfterTheEndFails() {
        Simulation.run { simulation in
            let (left, right) = MemoryPipe.channels(on: simulation.executor)
            var failures = 0
            right.close(promise: nil)
            simulation.loop.runUntilIdle()
            left.writeAndFlush(ByteBuffer(bytes: [1])).assumeIsolated().whenFailure { _ in failures += 1 }
            left.close().assumeIsolated().whenFailure { _ in failures += 1 }
            simulation.loop.runUntilIdle()
            #expect(failures == 2)
        }
    }

    /// A connection's bytes inside a stream of another connection, as circuits have it.
    @Test
    func aChannelRunsInsideAStream() throws {
        try Simulation.run { simulation in
            let server = try simulation.makeNode(serving: [
                TestNode.Handler("/tunnel") { stream in
                    let channel = PipeChannel(StreamPipe(stream), on: stream.connection.executor.loop)
                    try channel.pipeline.syncOperations.addHandler(EchoHandler())
                    channel.activate()
                    try await channel.closeFuture.get()
                }
            ])
            let client = try simulation.makeNode()
            let listening = simulation.network.transport(for: server.identity.publicKey)
            let dialling = simulation.network.transport(for: client.identity.publicKey)
            let connection = try simulation.perform {
                _ = try await listening.listen(on: .memory(1), upgrader: server, loops: simulation.loops)
                return try await dialling.dial(
                    .memory(1), expecting: nil, upgrader: client, on: simulation.executor)
            }
            let sent = simulation.random.bytes(700_000)
            let echoed = try simulation.perform {
                try await connection.withStream(["/tunnel"]) { stream in
                    try await stream.write([0])
                    var received = try await stream.read(exactly: 1).map { Array($0.readableBytesView) } ?? []
                    let recorder = Recorder()
                    let channel = PipeChannel(StreamPipe(stream), on: stream.connection.executor.loop)
                    try channel.pipeline.syncOperations.addHandler(recorder)
                    channel.activate()
                    channel.writeAndFlush(ByteBuffer(bytes: sent), promise: nil)
                    while recorder.bytes.count < sent.count {
                        try await stream.connection.executor.sleep(for: .milliseconds(10))
                    }
                    received += recorder.bytes
                    try await channel.close().get()
                    return received
                }
            }
            #expect(echoed == [0] + sent)
            simulation.loop.runUntilIdle()
            #expect(server.streamCount == 0)
        }
    }

    private final class EchoHandler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            context.writeAndFlush(data, promise: nil)
        }
    }
}
