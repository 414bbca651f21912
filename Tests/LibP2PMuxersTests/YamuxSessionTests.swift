import LibP2PCore
import LibP2PMuxers
import NIOCore
import Testing

@Suite struct YamuxSessionTests {
    static let window = YamuxSettings.initialWindow

    var dialer = SessionDriver(YamuxSession(isInitiator: true))
    var listener = SessionDriver(YamuxSession(isInitiator: false))

    // MARK: Opening

    @Test mutating func theOpeningRidesOnTheFirstData() throws {
        let stream = try dialer.session.open()
        dialer.session.setQueued(5, on: stream)
        #expect(try dialer.drainHeaders() == [YamuxHeader(.data, .syn, stream: 1, length: 5)])
    }

    @Test mutating func anOpeningWithoutDataIsAWindowUpdate() throws {
        _ = try dialer.session.open()
        let second = try dialer.session.open()
        dialer.session.finish(second)
        #expect(
            try dialer.drainHeaders() == [
                YamuxHeader(.windowUpdate, .syn, stream: 1), YamuxHeader(.windowUpdate, [.syn, .fin], stream: 3),
            ])
    }

    @Test mutating func theListenerOpensEvenIds() throws {
        _ = try listener.session.open()
        _ = try listener.session.open()
        #expect(try listener.drainHeaders().map(\.streamID) == [2, 4])
    }

    @Test mutating func anInboundStreamIsAcknowledgedOnce() throws {
        let stream = try #require(opened(listener.feed(.windowUpdate, .syn, stream: 1)))
        #expect(try listener.drainHeaders() == [YamuxHeader(.windowUpdate, .ack, stream: 1)])
        listener.session.setQueued(3, on: stream)
        #expect(try listener.drainHeaders() == [YamuxHeader(.data, stream: 1, length: 3)])
    }

    @Test mutating func theAcknowledgementRidesOnData() throws {
        let stream = try #require(opened(listener.feed(.data, .syn, stream: 1, length: 4)))
        listener.session.setQueued(3, on: stream)
        listener.session.finish(stream)
        #expect(try listener.drainHeaders() == [YamuxHeader(.data, [.ack, .fin], stream: 1, length: 3)])
    }

    @Test mutating func oneFrameCanOpenFillAndFinish() throws {
        let events = listener.feed(.data, [.syn, .fin], stream: 1, length: 4)
        let stream = try #require(opened(events))
        #expect(events == [.opened(stream), .data(stream, ByteBuffer(repeating: 0, count: 4)), .finished(stream)])
    }

    @Test mutating func theBacklogOfUnacknowledgedStreamsIsBounded() throws {
        for _ in 0..<256 { _ = try dialer.session.open() }
        #expect(throws: MuxerError(.tooManyUnacknowledged, "")) { try dialer.session.open() }
        dialer.feed(.windowUpdate, .ack, stream: 1)
        _ = try dialer.session.open()
        #expect(throws: MuxerError(.tooManyUnacknowledged, "")) { try dialer.session.open() }
        dialer.feed(.windowUpdate, .rst, stream: 3)
        _ = try dialer.session.open()
    }

    @Test mutating func inboundStreamsBeyondTheLimitAreReset() throws {
        var settings = YamuxSettings()
        settings.maxInboundStreams = 2
        listener = SessionDriver(YamuxSession(isInitiator: false, settings: settings))
        let first = try #require(opened(listener.feed(.windowUpdate, .syn, stream: 1)))
        listener.feed(.windowUpdate, .syn, stream: 3)
        _ = try listener.drainHeaders()
        #expect(listener.feed(.data, .syn, stream: 5, length: 9).isEmpty)
        #expect(try listener.drainHeaders() == [YamuxHeader(.windowUpdate, .rst, stream: 5)])
        listener.session.reset(first)
        #expect(opened(listener.feed(.windowUpdate, .syn, stream: 7)) != nil)
    }

    @Test mutating func aStreamOfOurParityIsAnError() throws {
        #expect(dialer.feed(.windowUpdate, .syn, stream: 1).isEmpty)
        #expect(dialer.session.failure == MuxerError(.protocolViolation, ""))
        #expect(try dialer.drainHeaders().last == YamuxHeader(.goAway, stream: 0, length: 1))
    }

    @Test mutating func openingALiveStreamIsAnError() throws {
        listener.feed(.windowUpdate, .syn, stream: 1)
        listener.feed(.windowUpdate, .syn, stream: 1)
        #expect(listener.session.failure == MuxerError(.protocolViolation, ""))
        #expect(try listener.drainHeaders().last == YamuxHeader(.goAway, stream: 0, length: 1))
    }

    @Test(arguments: [YamuxKind.data, .windowUpdate]) mutating func streamZeroIsTheSession(kind: YamuxKind) {
        listener.feed(kind, stream: 0)
        #expect(listener.session.failure == MuxerError(.protocolViolation, ""))
    }

    // MARK: Windows

    @Test mutating func dataBeyondTheWindowIsAnError() throws {
        let stream = try #require(opened(listener.feed(.windowUpdate, .syn, stream: 1)))
        #expect(payloadCount(listener.feed(.data, stream: 1, length: Self.window)) == Int(Self.window))
        #expect(listener.session.failure == nil)
        _ = try listener.drainHeaders()
        listener.session.consume(Int(Self.window) / 2 - 1, on: stream)
        _ = try listener.drainHeaders()
        listener.feed(.data, stream: 1, length: 1)
        #expect(listener.session.failure == MuxerError(.windowExceeded, ""))
        #expect(try listener.drainHeaders().last == YamuxHeader(.goAway, stream: 0, length: 1))
    }

    @Test mutating func theViolationShowsBeforeThePayloadArrives() throws {
        var buffer = ByteBuffer()
        YamuxHeader(.data, .syn, stream: 1, length: Self.window + 1).write(to: &buffer)
        listener.feed(Array(buffer.readableBytesView))
        #expect(listener.session.failure == MuxerError(.windowExceeded, ""))
    }

    @Test mutating func theWindowIsUpdatedWhenHalfIsConsumed() throws {
        let stream = try #require(opened(listener.feed(.data, .syn, stream: 1, length: Self.window)))
        _ = try listener.drainHeaders()
        listener.session.consume(Int(Self.window) / 2 - 1, on: stream)
        #expect(try listener.drainHeaders() == [])
        listener.session.consume(1, on: stream)
        #expect(try listener.drainHeaders() == [YamuxHeader(.windowUpdate, stream: 1, length: Self.window / 2)])
        listener.feed(.data, stream: 1, length: Self.window / 2)
        #expect(listener.session.failure == nil)
    }

    @Test mutating func consumingMoreThanCameGrantsNothing() throws {
        let stream = try #require(opened(listener.feed(.data, .syn, stream: 1, length: 10)))
        _ = try listener.drainHeaders()
        listener.session.consume(.max, on: stream)
        #expect(try listener.drainHeaders() == [])
        listener.feed(.data, stream: 1, length: Self.window)
        #expect(listener.session.failure == MuxerError(.windowExceeded, ""))
    }

    @Test mutating func sendingStopsAtTheWindow() throws {
        let stream = try dialer.session.open()
        dialer.session.setQueued(Int(Self.window) + 100, on: stream)
        let first = try dialer.drainHeaders()
        #expect(first.reduce(0) { $0 + $1.length } == Self.window)
        #expect(first.allSatisfy { $0.length <= 65_519 - 12 })
        dialer.feed(.windowUpdate, .ack, stream: 1, length: 60)
        #expect(try dialer.drainHeaders() == [YamuxHeader(.data, stream: 1, length: 60)])
        dialer.session.finish(stream)
        #expect(try dialer.drainHeaders() == [])
        dialer.feed(.windowUpdate, stream: 1, length: 1000)
        #expect(try dialer.drainHeaders() == [YamuxHeader(.data, .fin, stream: 1, length: 40)])
    }

    @Test mutating func anOverflowingWindowIsAsGoodAsEndless() throws {
        let stream = try dialer.session.open()
        dialer.feed(.windowUpdate, .ack, stream: 1, length: .max)
        dialer.feed(.windowUpdate, stream: 1, length: .max)
        dialer.session.setQueued(1_000_000, on: stream)
        #expect(try dialer.drainHeaders().reduce(0) { $0 + $1.length } == 1_000_000)
    }

    @Test mutating func streamsTakeTurns() throws {
        let streams = try (0..<3).map { _ in try dialer.session.open() }
        for stream in streams { dialer.session.setQueued(200_000, on: stream) }
        #expect(try dialer.drainHeaders(frames: 7).map(\.streamID) == [1, 3, 5, 1, 3, 5, 1])
    }

    @Test mutating func aResetStreamLosesItsTurn() throws {
        let streams = try (0..<3).map { _ in try dialer.session.open() }
        for stream in streams { dialer.session.setQueued(100_000, on: stream) }
        _ = try dialer.drainHeaders(frames: 3)
        dialer.session.reset(streams[1])
        #expect(
            try dialer.drainHeaders() == [
                YamuxHeader(.windowUpdate, .rst, stream: 3), YamuxHeader(.data, stream: 1, length: 34_493),
                YamuxHeader(.data, stream: 5, length: 34_493),
            ])
    }

    // MARK: Ends

    @Test mutating func halfCloseLeavesTheOtherHalf() throws {
        let stream = try #require(opened(listener.feed(.data, [.syn, .fin], stream: 1, length: 1)))
        _ = try listener.drainHeaders()
        #expect(listener.session.streamCount == 1)
        listener.session.setQueued(10, on: stream)
        listener.session.finish(stream)
        #expect(try listener.drainHeaders() == [YamuxHeader(.data, .fin, stream: 1, length: 10)])
        #expect(listener.session.streamCount == 0)
    }

    @Test mutating func ourFinishLeavesTheirHalf() throws {
        let stream = try dialer.session.open()
        dialer.session.finish(stream)
        _ = try dialer.drainHeaders()
        #expect(payloadCount(dialer.feed(.data, .ack, stream: 1, length: 7)) == 7)
        #expect(dialer.feed(.windowUpdate, .fin, stream: 1) == [.finished(stream)])
        #expect(dialer.session.streamCount == 0)
    }

    @Test mutating func nothingIsSentAfterTheFinish() throws {
        let stream = try dialer.session.open()
        dialer.session.finish(stream)
        #expect(try dialer.drainHeaders() == [YamuxHeader(.windowUpdate, [.syn, .fin], stream: 1)])
        dialer.session.setQueued(10, on: stream)
        #expect(try dialer.drainHeaders() == [])
    }

    @Test mutating func dataAfterTheirFinishIsAnError() {
        listener.feed(.data, [.syn, .fin], stream: 1, length: 1)
        listener.feed(.data, stream: 1, length: 1)
        #expect(listener.session.failure == MuxerError(.protocolViolation, ""))
    }

    @Test mutating func aResetFromThePeerEndsBothHalves() throws {
        let stream = try dialer.session.open()
        dialer.session.setQueued(1_000_000, on: stream)
        _ = try dialer.drainHeaders()
        #expect(dialer.feed(.windowUpdate, .rst, stream: 1) == [.reset(stream)])
        #expect(dialer.session.streamCount == 0)
        #expect(try dialer.drainHeaders() == [])
    }

    @Test mutating func resettingAStreamNobodyHeardOfSaysNothing() throws {
        let stream = try dialer.session.open()
        dialer.session.reset(stream)
        #expect(try dialer.drainHeaders() == [])
        #expect(dialer.session.streamCount == 0)
    }

    @Test mutating func unknownStreamsAreReadAndDropped() throws {
        #expect(listener.feed(.data, stream: 77, length: 3000).isEmpty)
        #expect(listener.feed(.windowUpdate, stream: 77, length: 3000).isEmpty)
        #expect(listener.feed(.windowUpdate, .rst, stream: 77).isEmpty)
        #expect(listener.session.failure == nil)
        #expect(opened(listener.feed(.windowUpdate, .syn, stream: 79)) != nil)
    }

    @Test mutating func aStaleHandleDoesNothing() throws {
        let old = try #require(opened(listener.feed(.windowUpdate, .syn, stream: 1)))
        listener.session.reset(old)
        let new = try #require(opened(listener.feed(.windowUpdate, .syn, stream: 3)))
        #expect(old.slot == new.slot && old != new)
        _ = try listener.drainHeaders()
        listener.session.setQueued(5, on: old)
        listener.session.finish(old)
        listener.session.reset(old)
        #expect(try listener.drainHeaders() == [])
        #expect(listener.session.streamCount == 1)
    }

    // MARK: Pings, going away, floods

    @Test mutating func pingsAreAnswered() throws {
        listener.feed(try #require(MuxerVectors.yamux["ping_request"]))
        #expect(listener.drain() == MuxerVectors.yamux["ping_reply"])
    }

    @Test mutating func pendingAnswersAreBounded() throws {
        for value in 0..<100 { listener.feed(.ping, .syn, stream: 0, length: UInt32(value)) }
        #expect(try listener.drainHeaders().count == 32)
        listener.feed(.ping, .syn, stream: 0, length: 7)
        #expect(try listener.drainHeaders().count == 1)
    }

    @Test mutating func aSilentPeerFailsTheKeepAlive() throws {
        dialer.session.tick()
        #expect(try dialer.drainHeaders() == [YamuxHeader(.ping, .syn, stream: 0, length: 1)])
        dialer.feed(.ping, .ack, stream: 0, length: 1)
        dialer.session.tick()
        #expect(dialer.session.failure == nil)
        dialer.session.tick()
        #expect(dialer.session.failure == MuxerError(.keepAliveTimeout, ""))
        #expect(try dialer.drainHeaders().last == YamuxHeader(.goAway, stream: 0, length: 2))
    }

    @Test mutating func goingAwayStopsNewStreamsOnly() throws {
        let stream = try dialer.session.open()
        #expect(dialer.feed(.goAway, stream: 0) == [.goingAway])
        #expect(throws: MuxerError(.goingAway, "")) { try dialer.session.open() }
        #expect(payloadCount(dialer.feed(.data, .ack, stream: 1, length: 5)) == 5)
        dialer.session.setQueued(5, on: stream)
        #expect(try dialer.drainHeaders() == [YamuxHeader(.data, .syn, stream: 1, length: 5)])
    }

    @Test mutating func afterOurGoAwayNewStreamsAreReset() throws {
        listener.session.goAway(.normal)
        listener.session.goAway(.normal)
        #expect(listener.feed(.windowUpdate, .syn, stream: 1).isEmpty)
        #expect(
            try listener.drainHeaders() == [
                YamuxHeader(.windowUpdate, .rst, stream: 1), YamuxHeader(.goAway, stream: 0),
            ])
        #expect(throws: MuxerError(.goingAway, "")) { try listener.session.open() }
    }

    @Test mutating func aPeerThatReadsNoResetsIsCutOff() throws {
        listener.session.goAway(.normal)
        for stream in 0...4096 { listener.feed(.windowUpdate, .syn, stream: UInt32(stream * 2 + 1)) }
        #expect(listener.session.failure == MuxerError(.tooManyReplies, ""))
        #expect(try listener.drainHeaders() == [YamuxHeader(.goAway, stream: 0, length: 2)])
    }

    @Test mutating func openingAndResettingLeavesNothingBehind() throws {
        for stream in 0..<10_000 {
            listener.feed(.windowUpdate, .syn, stream: UInt32(stream * 2 + 1))
            listener.feed(.windowUpdate, .rst, stream: UInt32(stream * 2 + 1))
        }
        #expect(listener.session.streamCount == 0)
        #expect(try listener.drainHeaders() == [])
    }

    @Test mutating func aHugeFrameForAnUnknownStreamIsAnError() {
        var buffer = ByteBuffer()
        YamuxHeader(.data, stream: 5, length: .max).write(to: &buffer)
        listener.feed(Array(buffer.readableBytesView))
        #expect(listener.session.failure == MuxerError(.frameTooLarge, ""))
    }
}
