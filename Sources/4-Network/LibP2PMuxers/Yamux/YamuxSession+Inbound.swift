package import NIOCore

extension YamuxSession {
    package mutating func receive(_ bytes: ByteBuffer) {
        heardSinceTick = true
        parser.append(bytes)
    }

    package mutating func nextEvent() -> MuxerEvent? {
        guard failure == nil else { return nil }
        do throws(MuxerError) {
            while true {
                if let header = heldHeader {
                    heldHeader = nil
                    if let event = try acceptOnStream(header) { return event }
                }
                switch try parser.next() {
                case .header(let header):
                    if let event = try accept(header) { return event }
                case .payload(let bytes, let isLast):
                    if let event = accept(bytes, isLast: isLast) { return event }
                case nil:
                    return nil
                }
            }
        } catch {
            fail(error)
            return nil
        }
    }

    private mutating func accept(_ header: YamuxHeader) throws(MuxerError) -> MuxerEvent? {
        switch header.kind {
        case .ping:
            acceptPing(header)
            return nil
        case .goAway:
            receivedGoAway = true
            return .goingAway
        case .data, .windowUpdate:
            guard header.streamID != 0 else {
                throw MuxerError(.protocolViolation, "yamux frame of type \(header.kind) on stream 0")
            }
            guard header.flags.contains(.syn) else { return try acceptOnStream(header) }
            return try acceptOpening(header)
        }
    }

    private mutating func acceptPing(_ header: YamuxHeader) {
        if header.flags.contains(.syn) {
            if pongs.count < settings.maxPendingPongs { pongs.append(header.length) }
        } else if header.length == pingValue {
            awaitsPong = false
        }
    }

    /// A frame with SYN: opens the stream, and holds the frame's other news back until the shell has made room for it.
    private mutating func acceptOpening(_ header: YamuxHeader) throws(MuxerError) -> MuxerEvent? {
        let id = header.streamID
        guard isInbound(id) else {
            throw MuxerError(.protocolViolation, "peer opened stream \(id), an id of our own parity")
        }
        guard streams.handle(for: id) == nil else {
            throw MuxerError(.protocolViolation, "peer opened stream \(id), which is open already")
        }
        if header.flags.contains(.rst) {
            try startPayload(of: header, for: nil)
            return nil
        }
        if inboundCount >= settings.maxInboundStreams || sentGoAway {
            try queueReset(id)
            try startPayload(of: header, for: nil)
            return nil
        }
        let handle = streams.insert(YamuxStream(id: id, isInbound: true), id: id)
        inboundCount += 1
        owing.append(handle.slot)
        heldHeader = header
        heldHeader?.flags.remove(.syn)
        return .opened(handle)
    }

    private mutating func acceptOnStream(_ header: YamuxHeader) throws(MuxerError) -> MuxerEvent? {
        guard let handle = streams.handle(for: header.streamID) else {
            try startPayload(of: header, for: nil)
            return nil
        }
        if streams[handle]?.isUnacknowledged == true {
            // Any word from the peer on the stream shows that it has accepted it; some never send ACK alone.
            streams[handle]?.isUnacknowledged = false
            unacknowledgedCount -= 1
        }
        if header.flags.contains(.rst) {
            remove(handle)
            try startPayload(of: header, for: nil)
            return .reset(handle)
        }
        if header.kind == .data {
            try startPayload(of: header, for: handle)
            guard header.length == 0 else { return nil }
        } else {
            grow(handle, by: header.length)
        }
        return header.flags.contains(.fin) ? finishRemote(handle) : nil
    }

    /// The peer grants more window. A sum beyond 32 bits is kept at the largest value, which no stream can use up.
    private mutating func grow(_ handle: StreamHandle, by delta: UInt32) {
        guard let window = streams[handle]?.sendWindow else { return }
        let (sum, overflow) = window.addingReportingOverflow(delta)
        streams[handle]?.sendWindow = overflow ? .max : sum
        schedule(handle)
    }

    /// Decides where the payload of a frame goes, before any of it has arrived: `handle` nil drops it.
    private mutating func startPayload(of header: YamuxHeader, for handle: StreamHandle?) throws(MuxerError) {
        guard header.kind == .data else { return }
        payloadStream = handle
        payloadEndsStream = header.flags.contains(.fin)
        guard let handle, let stream = streams[handle] else {
            guard header.length <= YamuxSettings.maxDiscardedPayload else {
                throw MuxerError(
                    .frameTooLarge, "frame of \(header.length) bytes for the unknown stream \(header.streamID)")
            }
            return
        }
        guard header.length <= stream.receiveCredit else {
            throw MuxerError(
                .windowExceeded,
                "frame of \(header.length) bytes on stream \(header.streamID), whose window has \(stream.receiveCredit)"
            )
        }
        guard header.length == 0 || !stream.isRemoteFinished else {
            throw MuxerError(.protocolViolation, "data on stream \(header.streamID) after its FIN")
        }
        streams[handle]?.receiveCredit -= header.length
    }

    private mutating func accept(_ payload: ByteBuffer, isLast: Bool) -> MuxerEvent? {
        guard let handle = payloadStream, let stream = streams[handle] else { return nil }
        if isLast, payloadEndsStream {
            // Told by the next event, through the header that is held: a FIN alone.
            heldHeader = YamuxHeader(.data, .fin, stream: stream.id)
        }
        return .data(handle, payload)
    }

    private mutating func finishRemote(_ handle: StreamHandle) -> MuxerEvent? {
        guard let stream = streams[handle], !stream.isRemoteFinished else { return nil }
        streams[handle]?.isRemoteFinished = true
        removeIfDone(handle)
        return .finished(handle)
    }
}
