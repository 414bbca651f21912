import LibP2PCore
import LibP2PMuxers
import NIOCore
import Testing

@Suite struct MplexSessionTests {
    var mplex = SessionDriver(MplexSession())

    @Test mutating func openingTellsTheNumberAsName() throws {
        _ = try mplex.session.open()
        #expect(mplex.drain() == MuxerVectors.mplex["new_stream_0_name_0"])
    }

    @Test mutating func openingDataAndCloseFollowEachOther() throws {
        let stream = try mplex.session.open()
        mplex.session.setQueued(3, on: stream)
        mplex.session.finish(stream)
        #expect(
            try mplex.drainHeaders() == [
                MplexHeader(id: 0, flag: .newStream, length: 1), MplexHeader(id: 0, flag: .messageInitiator, length: 3),
                MplexHeader(id: 0, flag: .closeInitiator),
            ])
    }

    @Test mutating func theSameNumberLivesTwice() throws {
        let ours = try mplex.session.open()
        _ = mplex.drain()
        let theirs = try #require(opened(mplex.feed(0, .newStream, length: 1)))
        #expect(ours != theirs)
        let forUs = mplex.feed(0, .messageReceiver, length: 2)
        #expect(forUs == [.data(ours, ByteBuffer(repeating: 0, count: 2))])
        #expect(mplex.feed(0, .messageInitiator, length: 1) == [.data(theirs, ByteBuffer(repeating: 0, count: 1))])
        mplex.session.setQueued(1, on: ours)
        mplex.session.setQueued(1, on: theirs)
        #expect(
            try mplex.drainHeaders() == [
                MplexHeader(id: 0, flag: .messageInitiator, length: 1),
                MplexHeader(id: 0, flag: .messageReceiver, length: 1),
            ])
    }

    @Test mutating func halfCloseLeavesTheOtherHalf() throws {
        let stream = try #require(opened(mplex.feed(4, .newStream)))
        #expect(mplex.feed(4, .closeInitiator) == [.finished(stream)])
        #expect(mplex.feed(4, .closeInitiator) == [])
        mplex.session.setQueued(2, on: stream)
        mplex.session.finish(stream)
        #expect(
            try mplex.drainHeaders() == [
                MplexHeader(id: 4, flag: .messageReceiver, length: 2), MplexHeader(id: 4, flag: .closeReceiver),
            ])
        #expect(mplex.session.streamCount == 0)
    }

    @Test mutating func messagesAfterTheCloseAreDropped() throws {
        let stream = try #require(opened(mplex.feed(4, .newStream)))
        #expect(mplex.feed(4, .closeInitiator) == [.finished(stream)])
        #expect(mplex.feed(4, .messageInitiator, length: 2).isEmpty)
        #expect(mplex.session.failure == nil)
    }

    @Test mutating func resets() throws {
        let theirs = try #require(opened(mplex.feed(9, .newStream)))
        #expect(mplex.feed(9, .resetInitiator) == [.reset(theirs)])
        let ours = try mplex.session.open()
        mplex.session.setQueued(100, on: ours)
        _ = mplex.drain()
        mplex.session.reset(ours)
        #expect(try mplex.drainHeaders() == [MplexHeader(id: 0, flag: .resetInitiator)])
        #expect(mplex.session.streamCount == 0)
    }

    @Test mutating func unknownStreamsAreDroppedSilently() throws {
        for flag in [MplexFlag.messageInitiator, .messageReceiver, .closeInitiator, .resetReceiver] {
            #expect(mplex.feed(77, flag, length: 5).isEmpty)
        }
        #expect(mplex.session.failure == nil)
        #expect(mplex.drain().isEmpty)
    }

    @Test mutating func openingALiveStreamIsAnError() {
        mplex.feed(3, .newStream)
        mplex.feed(3, .newStream)
        #expect(mplex.session.failure == MuxerError(.protocolViolation, ""))
    }

    @Test mutating func inboundStreamsBeyondTheLimitAreReset() throws {
        var settings = MplexSettings()
        settings.maxInboundStreams = 1
        mplex = SessionDriver(MplexSession(settings: settings))
        mplex.feed(0, .newStream, length: 1)
        #expect(mplex.feed(1, .newStream, length: 1).isEmpty)
        #expect(mplex.feed(1, .messageInitiator, length: 10).isEmpty)
        #expect(try mplex.drainHeaders() == [MplexHeader(id: 1, flag: .resetReceiver)])
    }

    @Test mutating func aFullStreamCongestsUntilItIsRead() throws {
        let stream = try #require(opened(mplex.feed(0, .newStream)))
        for _ in 0..<4 { mplex.feed(0, .messageInitiator, length: MplexHeader.maxPayload) }
        #expect(!mplex.session.isCongested)
        mplex.feed(0, .messageInitiator, length: 1)
        #expect(mplex.session.isCongested)
        mplex.session.consume(1, on: stream)
        #expect(!mplex.session.isCongested)
    }

    @Test mutating func congestedStreamsAreResetAtLast() throws {
        let full = try #require(opened(mplex.feed(0, .newStream)))
        mplex.feed(1, .newStream)
        mplex.feed(1, .messageInitiator, length: 1)
        for _ in 0..<5 { mplex.feed(0, .messageInitiator, length: MplexHeader.maxPayload) }
        #expect(mplex.session.isCongested)
        #expect(mplex.session.resetCongested() == [full])
        #expect(!mplex.session.isCongested)
        #expect(mplex.session.streamCount == 1)
        #expect(try mplex.drainHeaders() == [MplexHeader(id: 0, flag: .resetReceiver)])
    }

    @Test mutating func streamsTakeTurns() throws {
        let streams = try (0..<3).map { _ in try mplex.session.open() }
        _ = mplex.drain()
        for stream in streams { mplex.session.setQueued(200_000, on: stream) }
        #expect(try mplex.drainHeaders(frames: 7).map(\.id) == [0, 1, 2, 0, 1, 2, 0])
    }

    @Test mutating func aPeerThatReadsNoResetsIsCutOff() {
        mplex.session.goAway(.normal)
        for stream in 0...4096 { mplex.feed(UInt64(stream), .newStream) }
        #expect(mplex.session.failure == MuxerError(.tooManyReplies, ""))
    }

    @Test mutating func openingAndResettingLeavesNothingBehind() {
        for stream in 0..<10_000 {
            mplex.feed(UInt64(stream), .newStream)
            mplex.feed(UInt64(stream), .resetInitiator)
        }
        #expect(mplex.session.streamCount == 0)
        #expect(mplex.drain().isEmpty)
    }
}
