import LibP2PTesting
import NIOCore

@testable import LibP2PMuxers

extension FuzzTarget {
    static let muxers = [
        FuzzTarget("yamux", cost: 4) { input in
            var isRead = false
            for isInitiator in [true, false] {
                let heard = try requireSameInPieces(input) { events(of: YamuxSession(isInitiator: isInitiator), $0) }
                isRead = isRead || !heard.isEmpty
                try work(YamuxSession(isInitiator: isInitiator), input, maxInbound: YamuxSettings().maxInboundStreams)
            }
            return isRead
        },
        FuzzTarget("mplex", cost: 4) { input in
            let heard = try requireSameInPieces(input) { events(of: MplexSession(), $0) }
            try work(MplexSession(), input, maxInbound: MplexSettings().maxInboundStreams)
            return !heard.isEmpty
        },
    ]

    /// What a session that is left alone says, with the parts of a payload joined.
    private static func events(of session: some MuxerSession, _ pieces: [ByteBuffer]) -> [MuxerEvent] {
        var session = session
        var events: [MuxerEvent] = []
        for piece in pieces {
            session.receive(piece)
            while let event = session.nextEvent() {
                if case .data(let handle, let bytes) = event, case .data(handle, var joined)? = events.last {
                    joined.writeImmutableBuffer(bytes)
                    events[events.count - 1] = .data(handle, joined)
                } else {
                    events.append(event)
                }
            }
        }
        return events
    }

    /// Drives a session as a busy shell does, with commands between the pieces.
    private static func work(_ session: some MuxerSession, _ input: [UInt8], maxInbound: Int) throws {
        var session = session
        var random = SeededGenerator(input)
        var handles: [StreamHandle] = []
        var opened = 0
        var received = 0
        for piece in pieces(of: input) {
            let hasFailed = session.failure != nil
            session.receive(piece)
            while let event = session.nextEvent() {
                try require(!hasFailed, "a failed session says nothing")
                switch event {
                case .opened(let handle): handles.append(handle)
                case .data(let handle, let bytes):
                    received += bytes.readableBytes
                    if random.below(2) == 0 { session.consume(bytes.readableBytes, on: handle) }
                default: break
                }
            }
            command(&session, &handles, &opened, &random)
            if random.below(4) == 0 { try drain(&session) }
            try require(session.streamCount <= maxInbound + opened, "streams are bounded")
        }
        try require(received <= input.count, "no payload comes out of nothing")
        for handle in handles { session.reset(handle) }
        try require(session.streamCount == 0, "streams that are reset are forgotten")
        try drain(&session)
        try require(!session.hasOutput, "a session that was drained has nothing to send")
    }

    private static func command(
        _ session: inout some MuxerSession, _ handles: inout [StreamHandle], _ opened: inout Int,
        _ random: inout SeededGenerator
    ) {
        guard !handles.isEmpty, random.below(8) > 0 else {
            guard let handle = try? session.open() else { return }
            opened += 1
            return handles.append(handle)
        }
        let handle = handles[random.below(handles.count)]
        switch random.below(7) {
        case 0, 1: session.setQueued(random.below(300_000), on: handle)
        case 2: session.consume(random.below(300_000), on: handle)
        case 3: session.finish(handle)
        case 4: session.tick()
        case 5: handles += session.resetCongested()
        default: session.reset(handle)
        }
    }

    /// Takes all that a session wants to send now. A frame that promises payload gets it.
    private static func drain(_ session: inout some MuxerSession) throws {
        var frames = 0
        while true {
            var head = ByteBuffer()
            guard session.writeFrame(into: &head) != nil else { return }
            frames += 1
            try require(frames <= 20_000, "what waits to be sent is bounded")
            try require(head.readableBytes <= 64, "what is written at once is bounded")
        }
    }
}
