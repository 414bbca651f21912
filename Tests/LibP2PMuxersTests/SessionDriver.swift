import LibP2PMuxers
import NIOCore

/// Feeds a session and collects what it says, with zeros for payload.
struct SessionDriver<Session: MuxerSession> {
    var session: Session
    var events: [MuxerEvent] = []

    init(_ session: Session) { self.session = session }

    /// Gives the session bytes and returns the events they cause.
    @discardableResult
    mutating func feed(_ bytes: [UInt8]) -> [MuxerEvent] {
        session.receive(ByteBuffer(bytes: bytes))
        var events: [MuxerEvent] = []
        while let event = session.nextEvent() { events.append(event) }
        return events
    }

    /// Everything the session wants to send now.
    mutating func drain(frames limit: Int = .max) -> [UInt8] {
        var buffer = ByteBuffer()
        var count = 0
        while count < limit, let frame = session.writeFrame(into: &buffer) {
            buffer.writeRepeatingByte(0, count: frame.payload)
            count += 1
        }
        return Array(buffer.readableBytesView)
    }
}

extension SessionDriver where Session == YamuxSession {
    /// Gives the session one frame, with zeros for payload.
    @discardableResult
    mutating func feed(
        _ kind: YamuxKind, _ flags: YamuxFlags = [], stream: UInt32, length: UInt32 = 0
    ) -> [MuxerEvent] {
        var buffer = ByteBuffer()
        YamuxHeader(kind, flags, stream: stream, length: length).write(to: &buffer)
        if kind == .data { buffer.writeRepeatingByte(0, count: Int(length)) }
        return feed(Array(buffer.readableBytesView))
    }

    /// The headers of everything the session wants to send now.
    mutating func drainHeaders(frames limit: Int = .max) throws -> [YamuxHeader] {
        var parser = YamuxFrameParser()
        parser.append(ByteBuffer(bytes: drain(frames: limit)))
        var headers: [YamuxHeader] = []
        while let part = try parser.next() {
            if case .header(let header) = part { headers.append(header) }
        }
        return headers
    }
}

extension SessionDriver where Session == MplexSession {
    /// Gives the session one frame, with zeros for payload.
    @discardableResult
    mutating func feed(_ id: UInt64, _ flag: MplexFlag, length: Int = 0) -> [MuxerEvent] {
        var buffer = ByteBuffer()
        MplexHeader(id: id, flag: flag, length: length).write(to: &buffer)
        buffer.writeRepeatingByte(0, count: length)
        return feed(Array(buffer.readableBytesView))
    }

    /// The headers of everything the session wants to send now.
    mutating func drainHeaders(frames limit: Int = .max) throws -> [MplexHeader] {
        var parser = MplexFrameParser()
        parser.append(ByteBuffer(bytes: drain(frames: limit)))
        var headers: [MplexHeader] = []
        while let part = try parser.next() {
            if case .header(let header) = part { headers.append(header) }
        }
        return headers
    }
}

/// The handle of the one stream these events open.
func opened(_ events: [MuxerEvent]) -> StreamHandle? {
    guard case .opened(let handle)? = events.first else { return nil }
    return handle
}

/// How many payload bytes these events carry.
func payloadCount(_ events: [MuxerEvent]) -> Int {
    events.reduce(0) { sum, event in
        if case .data(_, let bytes) = event { sum + bytes.readableBytes } else { sum }
    }
}
