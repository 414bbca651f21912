import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import NIOCore
import NIOEmbedded
import Testing

@testable import LibP2PSecurity

@Suite struct NoiseHandlerTests {
    @Test(arguments: UInt64(0)..<20)
    func twoEndsAgreeHoweverBytesArrive(seed: UInt64) throws {
        let ends = try SecuredPair(seed: seed, largestPiece: [1, 7, 64, 4096][Int(seed % 4)])
        try ends.pair.pump()
        #expect(ends.dialed.value?.peerID == ends.listenerKey.peerID)
        #expect(ends.accepted.value?.peerID == ends.dialerKey.peerID)
        #expect(ends.accepted.value?.publicKey == ends.dialerKey.publicKey)
        #expect(ends.dialed.value?.muxer == "/yamux/1.0.0")
        #expect(ends.accepted.value?.muxer == "/yamux/1.0.0")

        var generator = SeededGenerator(seed: seed)
        var expected: [UInt8] = []
        for _ in 0..<10 {
            for _ in 0..<Int.random(in: 0...5, using: &generator) {
                let bytes = generator.bytes(Int.random(in: 0...400, using: &generator))
                expected += bytes
                ends.pair.dialer.write(ByteBuffer(bytes: bytes), promise: nil)
            }
            ends.pair.dialer.flush()
            try ends.pair.pump()
        }
        #expect(try ends.pair.takeInput(of: ends.pair.listener) == expected)
        #expect(ends.pair.errors.isEmpty)
    }

    @Test func writesOfATickShareAFrame() throws {
        let ends = try SecuredPair()
        try ends.pair.pump()
        for byte in UInt8(0)..<10 { ends.pair.dialer.write(ByteBuffer(bytes: [byte]), promise: nil) }
        ends.pair.dialer.flush()
        #expect(try ends.pair.takeOutput(of: ends.pair.dialer).count == 2 + 10 + 16)
        ends.pair.dialer.flush()
        #expect(try ends.pair.takeOutput(of: ends.pair.dialer).isEmpty)
    }

    @Test func longWritesAreSplitIntoFullFrames() throws {
        let ends = try SecuredPair(largestPiece: 100_000)
        try ends.pair.pump()
        var generator = SeededGenerator(seed: 9)
        let bytes = generator.bytes(200_000)
        try ends.pair.dialer.writeOutbound(ByteBuffer(bytes: bytes))
        let frames = try ends.pair.takeOutput(of: ends.pair.dialer)
        #expect(frames.count == bytes.count + 4 * 18)
        #expect(frames.prefix(2) == [0xff, 0xfe])
        ends.pair.deliver(frames, to: ends.pair.listener)
        #expect(try ends.pair.takeInput(of: ends.pair.listener) == bytes)
    }

    @Test func promisesFollowTheirLastByte() throws {
        let ends = try SecuredPair()
        try ends.pair.pump()
        let loop = ends.pair.dialer.eventLoop
        let promises = (0..<4).map { _ in loop.makePromise(of: Void.self) }
        let outcomes = promises.map { Outcome($0.futureResult) }
        let lengths = [10, 0, 100_000, 5]
        for (length, promise) in zip(lengths, promises) {
            ends.pair.dialer.write(ByteBuffer(repeating: 1, count: length), promise: promise)
        }
        #expect(outcomes.allSatisfy { $0.value == nil })
        ends.pair.dialer.flush()
        ends.pair.dialer.embeddedEventLoop.run()
        #expect(outcomes.allSatisfy { $0.value != nil })
    }

    @Test func promisesFailWithTheFrameThatCannotBeEncrypted() throws {
        var queue = NoiseWriteQueue()
        let loop = EmbeddedEventLoop()
        let promises = (0..<3).map { _ in loop.makePromise(of: Void.self) }
        let outcomes = promises.map { Outcome($0.futureResult) }
        for promise in promises { queue.append(ByteBuffer(repeating: 1, count: 10), promise: promise) }
        var frame = ByteBuffer()
        queue.move(25, to: &frame)
        #expect(frame.readableBytes == 25 && queue.byteCount == 5)
        queue.fail(ChannelError.ioOnClosedChannel)
        loop.run()
        #expect(outcomes.allSatisfy { $0.error != nil })
        #expect(queue.isEmpty && queue.byteCount == 0)
    }

    @Test func writesBeforeTheHandshakeWaitForIt() throws {
        let ends = try SecuredPair()
        let promise = ends.pair.listener.eventLoop.makePromise(of: Void.self)
        let written = Outcome(promise.futureResult)
        ends.pair.listener.writeAndFlush(ByteBuffer(string: "early"), promise: promise)
        #expect(written.value == nil)
        try ends.pair.pump()
        #expect(written.value != nil)
        #expect(try ends.pair.takeInput(of: ends.pair.dialer) == Array("early".utf8))
    }

    @Test func theResultComesBeforeBytesThatArriveWithTheLastMessage() throws {
        let ends = try SecuredPair(largestPiece: 100_000)
        // What the dialer writes at once after its handshake arrives together with its last message.
        let order = Recorder()
        try ends.pair.listener.pipeline.syncOperations.addHandler(order)
        ends.acceptedFuture.assumeIsolated().whenSuccess { _ in order.events.append("secured") }
        let hello = try ends.pair.takeOutput(of: ends.pair.dialer)
        ends.pair.deliver(hello, to: ends.pair.listener)
        ends.pair.deliver(try ends.pair.takeOutput(of: ends.pair.listener), to: ends.pair.dialer)
        ends.pair.dialer.writeAndFlush(ByteBuffer(string: "at once"), promise: nil)
        ends.pair.deliver(try ends.pair.takeOutput(of: ends.pair.dialer), to: ends.pair.listener)
        #expect(order.events == ["secured", "at once"])
    }

    @Test func theNextHandlerCanBeAddedByTheResult() throws {
        let ends = try SecuredPair(largestPiece: 100_000)
        let order = Recorder()
        let listener = ends.pair.listener
        ends.acceptedFuture.assumeIsolated().whenSuccess { _ in
            #expect(throws: Never.self) { try listener.pipeline.syncOperations.addHandler(order) }
        }
        ends.pair.deliver(try ends.pair.takeOutput(of: ends.pair.dialer), to: listener)
        ends.pair.deliver(try ends.pair.takeOutput(of: listener), to: ends.pair.dialer)
        ends.pair.dialer.writeAndFlush(ByteBuffer(string: "at once"), promise: nil)
        ends.pair.deliver(try ends.pair.takeOutput(of: ends.pair.dialer), to: listener)
        #expect(order.events == ["at once"])
    }

    @Test func anotherPeerThanTheDialledOneEndsTheConnection() throws {
        let ends = try SecuredPair(expected: try PrivateKey.generate(.ed25519).peerID)
        try ends.pair.pump()
        #expect(ends.dialed.error as? SecurityError == SecurityError(.wrongPeer, ""))
        #expect(!ends.pair.dialer.isActive)
        #expect(ends.accepted.value == nil)
    }

    @Test(arguments: 0..<40)
    func changedFramesEndTheConnection(index: Int) throws {
        let ends = try SecuredPair()
        try ends.pair.pump()
        try ends.pair.dialer.writeOutbound(ByteBuffer(repeating: 7, count: 22))
        var frame = try ends.pair.takeOutput(of: ends.pair.dialer)
        frame[index] ^= 0x01
        // Enough bytes to fill up a frame whose length has been changed.
        ends.pair.deliver(frame + [UInt8](repeating: 0, count: 400), to: ends.pair.listener)
        #expect(!ends.pair.listener.isActive)
        #expect(ends.pair.errors.first is SecurityError)
        #expect(try ends.pair.takeInput(of: ends.pair.listener).isEmpty)
    }

    @Test func framesWithoutRoomForATagEndTheConnection() throws {
        let ends = try SecuredPair()
        try ends.pair.pump()
        ends.pair.deliver([0, 15] + [UInt8](repeating: 0, count: 15), to: ends.pair.listener)
        #expect(ends.pair.errors.first as? SecurityError == SecurityError(.malformed, ""))
        #expect(!ends.pair.listener.isActive)
    }

    @Test func emptyFramesAreLegal() throws {
        let ends = try SecuredPair()
        try ends.pair.pump()
        try ends.pair.dialer.writeOutbound(ByteBuffer())
        try ends.pair.dialer.writeOutbound(ByteBuffer(string: "more"))
        try ends.pair.pump()
        #expect(try ends.pair.takeInput(of: ends.pair.listener) == Array("more".utf8))
        #expect(ends.pair.errors.isEmpty)
    }

    @Test func giantHandshakeMessagesAreRefusedAtTheirHeader() throws {
        let ends = try SecuredPair()
        ends.pair.deliver([0xff, 0xff], to: ends.pair.listener)
        #expect(ends.accepted.error as? SecurityError == SecurityError(.tooLong, ""))
        #expect(!ends.pair.listener.isActive)
    }

    @Test func closingDuringTheHandshakeFailsIt() throws {
        let ends = try SecuredPair()
        let promise = ends.pair.listener.eventLoop.makePromise(of: Void.self)
        let written = Outcome(promise.futureResult)
        ends.pair.listener.writeAndFlush(ByteBuffer(string: "never"), promise: promise)
        ends.pair.deliver(try ends.pair.takeOutput(of: ends.pair.dialer), to: ends.pair.listener)
        ends.pair.listener.close(promise: nil)
        ends.pair.listener.embeddedEventLoop.run()
        #expect(ends.accepted.error as? SecurityError == SecurityError(.closed, ""))
        #expect(written.error != nil)
        // Bytes and writes that come later find it closed, and nothing worse.
        let late = ends.pair.listener.writeAndFlush(ByteBuffer(string: "late"))
        let lateOutcome = Outcome(late)
        ends.pair.listener.embeddedEventLoop.run()
        #expect(lateOutcome.error != nil)
    }

    @Test func handshakesCutShortWait() throws {
        for length in [0, 1, 33, 34, 60] {
            let ends = try SecuredPair()
            try ends.pair.pump(limit: length)
            #expect(ends.accepted.value == nil && ends.accepted.error == nil)
        }
    }

    @Test func garbageNeverTraps() throws {
        var generator = SeededGenerator(seed: 11)
        for seed in UInt64(0)..<200 {
            let ends = try SecuredPair(seed: seed)
            if seed.isMultiple(of: 2) { try ends.pair.pump() }
            let length = Int.random(in: 0...300, using: &generator)
            ends.pair.deliver([0, UInt8(length % 64)] + generator.bytes(length), to: ends.pair.listener)
            #expect(try ends.pair.takeInput(of: ends.pair.listener).isEmpty)
        }
    }
}

/// Two channels with a Noise handler each.
struct SecuredPair {
    let pair: ChannelPair
    let dialerKey: PrivateKey
    let listenerKey: PrivateKey
    let dialed: Outcome<SecuredPeer>
    let accepted: Outcome<SecuredPeer>
    let acceptedFuture: EventLoopFuture<SecuredPeer>

    init(seed: UInt64 = 1, largestPiece: Int = 64, expected: PeerID? = nil) throws {
        pair = try ChannelPair(seed: seed, largestPiece: largestPiece)
        dialerKey = try PrivateKey.generate(.ed25519)
        listenerKey = try PrivateKey.generate(.ed25519)
        let muxers: [ProtocolID] = ["/yamux/1.0.0", "/mplex/6.7.0"]
        acceptedFuture = try Noise(identity: listenerKey).secure(
            pair.listener, role: .listener, expecting: nil, muxers: muxers)
        accepted = Outcome(acceptedFuture)
        dialed = Outcome(
            try Noise(identity: dialerKey).secure(
                pair.dialer, role: .dialer, expecting: expected ?? listenerKey.peerID, muxers: muxers))
    }
}

/// Notes what comes up the pipeline, as text.
final class Recorder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    var events: [String] = []

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        events.append(String(buffer: unwrapInboundIn(data)))
    }
}
