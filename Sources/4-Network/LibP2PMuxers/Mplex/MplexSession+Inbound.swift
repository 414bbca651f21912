package import NIOCore

extension MplexSession {
    package mutating func receive(_ bytes: ByteBuffer) {
        parser.append(bytes)
    }

    package mutating func nextEvent() -> MuxerEvent? {
        guard failure == nil else { return nil }
        do throws(MuxerError) {
            while let part = try parser.next() {
                switch part {
                case .header(let header):
                    if let event = try accept(header) { return event }
                case .payload(let bytes):
                    if let event = accept(bytes) { return event }
                }
            }
        } catch {
            fail(error)
        }
        return nil
    }

    private mutating func accept(_ header: MplexHeader) throws(MuxerError) -> MuxerEvent? {
        payloadStream = nil
        let id = MplexStreamID(number: header.id, isInbound: header.flag.isFromInitiator)
        if header.flag == .newStream { return try acceptOpening(id) }
        guard let handle = streams.handle(for: id), let stream = streams[handle] else { return nil }
        switch header.flag {
        case .newStream:
            return nil
        case .messageReceiver, .messageInitiator:
            // A message after the close is dropped like one for an unknown stream.
            if !stream.isRemoteFinished { payloadStream = handle }
            return nil
        case .closeReceiver, .closeInitiator:
            guard !stream.isRemoteFinished else { return nil }
            streams[handle]?.isRemoteFinished = true
            if stream.isLocalFinished { remove(handle) }
            return .finished(handle)
        case .resetReceiver, .resetInitiator:
            remove(handle)
            return .reset(handle)
        }
    }

    /// The payload is the stream's name, which means nothing and is dropped.
    private mutating func acceptOpening(_ id: MplexStreamID) throws(MuxerError) -> MuxerEvent? {
        guard streams.handle(for: id) == nil else {
            throw MuxerError(.protocolViolation, "peer opened mplex stream \(id.number), which is open already")
        }
        if inboundCount >= settings.maxInboundStreams || sentGoAway {
            try queueReset(id)
            return nil
        }
        inboundCount += 1
        return .opened(streams.insert(MplexStream(id: id), id: id))
    }

    private mutating func accept(_ payload: ByteBuffer) -> MuxerEvent? {
        guard let handle = payloadStream, let stream = streams[handle] else { return nil }
        setBuffered(stream.buffered + payload.readableBytes, of: handle)
        return .data(handle, payload)
    }
}
