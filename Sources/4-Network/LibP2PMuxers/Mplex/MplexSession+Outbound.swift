import DequeModule
package import LibP2PCore
package import NIOCore

extension MplexSession {
    package mutating func open() throws(MuxerError) -> StreamHandle {
        if let failure { throw failure }
        guard !sentGoAway else {
            throw MuxerError(.goingAway, "no new streams: the node is going away")
        }
        guard let number = nextID else {
            throw MuxerError(.identifiersExhausted, "all mplex stream ids are used; make a new connection")
        }
        nextID = number < MplexHeader.maxID ? number + 1 : nil
        let id = MplexStreamID(number: number, isInbound: false)
        let handle = streams.insert(MplexStream(id: id), id: id)
        schedule(handle)
        return handle
    }

    package mutating func setQueued(_ count: Int, on handle: StreamHandle) {
        guard let stream = streams[handle], !stream.isLocalFinished else { return }
        streams[handle]?.queued = count
        schedule(handle)
    }

    package mutating func consume(_ count: Int, on handle: StreamHandle) {
        guard count > 0, let stream = streams[handle] else { return }
        setBuffered(max(0, stream.buffered - count), of: handle)
    }

    package mutating func finish(_ handle: StreamHandle) {
        guard let stream = streams[handle], !stream.isFinishing else { return }
        streams[handle]?.isFinishing = true
        schedule(handle)
    }

    package mutating func reset(_ handle: StreamHandle) {
        guard let stream = streams[handle] else { return }
        remove(handle)
        guard failure == nil, !stream.owesOpening else { return }  // the peer never heard of it
        do throws(MuxerError) { try queueReset(stream.id) } catch { fail(error) }
    }

    package mutating func resetCongested() -> [StreamHandle] {
        guard isCongested else { return [] }
        let full = streams.handles.filter { (streams[$0]?.buffered ?? 0) > settings.maxBufferedBytes }
        for handle in full { reset(handle) }
        return full
    }

    package mutating func goAway(_ reason: CloseReason) { sentGoAway = true }

    package mutating func tick() {}

    package mutating func writeFrame(into buffer: inout ByteBuffer) -> MuxerFrame? {
        guard failure == nil else { return nil }
        if let id = resets.popFirst() {
            MplexStream(id: id).header(receiver: .resetReceiver, initiator: .resetInitiator).write(to: &buffer)
            return MuxerFrame()
        }
        guard let slot = ready.first, let handle = streams.handle(at: slot), var stream = streams[handle] else {
            return nil
        }
        let payload = Self.writeFrame(of: &stream, into: &buffer)
        streams[handle] = stream
        if stream.hasFrame { ready.rotate() } else { ready.remove(slot) }
        let isDone = stream.isLocalFinished && stream.isRemoteFinished
        if isDone { remove(handle) }
        return MuxerFrame(stream: handle, payload: payload, endsStream: isDone)
    }

    /// Opening first, then data, then the close. The name is the number in decimal, as go writes it.
    ///
    /// - Returns: how many bytes of the stream must follow.
    private static func writeFrame(of stream: inout MplexStream, into buffer: inout ByteBuffer) -> Int {
        if stream.owesOpening {
            stream.owesOpening = false
            let name = String(stream.id.number)
            MplexHeader(id: stream.id.number, flag: .newStream, length: name.utf8.count).write(to: &buffer)
            buffer.writeString(name)
            return 0
        }
        if stream.queued > 0 {
            let count = min(stream.queued, MplexSettings.maxSentPayload)
            stream.queued -= count
            stream.header(receiver: .messageReceiver, initiator: .messageInitiator, length: count).write(to: &buffer)
            return count
        }
        stream.isLocalFinished = true
        stream.header(receiver: .closeReceiver, initiator: .closeInitiator).write(to: &buffer)
        return 0
    }

    /// Notes that the peer is to be told that a stream is gone.
    mutating func queueReset(_ id: MplexStreamID) throws(MuxerError) {
        guard resets.count < settings.maxPendingResets else {
            throw MuxerError(.tooManyReplies, "\(resets.count) resets wait for a peer that does not read")
        }
        resets.append(id)
    }
}
