import DequeModule
package import LibP2PCore
package import NIOCore

extension YamuxSession {
    package mutating func open() throws(MuxerError) -> StreamHandle {
        if let failure { throw failure }
        guard !receivedGoAway, !sentGoAway else {
            throw MuxerError(.goingAway, "no new streams: the \(receivedGoAway ? "peer" : "node") is going away")
        }
        guard unacknowledgedCount < settings.maxUnacknowledgedStreams else {
            throw MuxerError(
                .tooManyUnacknowledged, "the peer has not answered \(unacknowledgedCount) streams; try again later")
        }
        guard let id = nextID else {
            throw MuxerError(.identifiersExhausted, "all yamux stream ids are used; make a new connection")
        }
        let (next, overflow) = id.addingReportingOverflow(2)
        nextID = overflow ? nil : next
        unacknowledgedCount += 1
        let handle = streams.insert(YamuxStream(id: id, isInbound: false), id: id)
        owing.append(handle.slot)
        return handle
    }

    package mutating func setQueued(_ count: Int, on handle: StreamHandle) {
        guard let stream = streams[handle], !stream.isLocalFinished else { return }
        streams[handle]?.queued = count
        schedule(handle)
    }

    package mutating func consume(_ count: Int, on handle: StreamHandle) {
        guard count > 0, let stream = streams[handle], !stream.isRemoteFinished else { return }
        // The reader can't take more than came, and that was at most the credit given.
        let outstanding = YamuxSettings.initialWindow - stream.receiveCredit - stream.unannounced
        streams[handle]?.unannounced += UInt32(min(count, Int(outstanding)))
        schedule(handle)
    }

    package mutating func finish(_ handle: StreamHandle) {
        guard let stream = streams[handle], !stream.isFinishing else { return }
        streams[handle]?.isFinishing = true
        streams[handle]?.owed.insert(.fin)
        schedule(handle)
    }

    package mutating func reset(_ handle: StreamHandle) {
        guard let stream = streams[handle] else { return }
        remove(handle)
        guard failure == nil, !stream.owed.contains(.syn) else { return }  // the peer never heard of it
        do throws(MuxerError) { try queueReset(stream.id) } catch { fail(error) }
    }

    package mutating func resetCongested() -> [StreamHandle] { [] }

    package mutating func goAway(_ reason: CloseReason) {
        guard failure == nil, !sentGoAway else { return }
        sentGoAway = true
        pendingGoAway =
            switch reason {
            case .normal: .normal
            case .protocolError: .protocolError
            case .internalError: .internalError
            }
    }

    package mutating func tick() {
        guard failure == nil else { return }
        if awaitsPong, !heardSinceTick {
            fail(MuxerError(.keepAliveTimeout, "no answer to ping \(pingValue) within a keep-alive interval"))
            return
        }
        heardSinceTick = false
        pingValue &+= 1  // an opaque value: wrapping is harmless
        pendingPing = pingValue
        awaitsPong = true
    }

    package mutating func writeFrame(into buffer: inout ByteBuffer) -> MuxerFrame? {
        if let header = nextSessionFrame() {
            header.write(to: &buffer)
            return MuxerFrame()
        }
        return writeControlFrame(into: &buffer) ?? writeDataFrame(into: &buffer)
    }

    private mutating func writeDataFrame(into buffer: inout ByteBuffer) -> MuxerFrame? {
        guard failure == nil, let slot = ready.first, let handle = streams.handle(at: slot),
            let header = streams[handle]?.takeDataFrame(atMost: YamuxSettings.maxSentPayload)
        else { return nil }
        if streams[handle]?.canSendData == true { ready.rotate() } else { ready.remove(slot) }
        header.write(to: &buffer)
        return MuxerFrame(stream: handle, payload: Int(header.length), endsStream: removeIfDone(handle))
    }

    /// Notes that the peer is to be told that a stream is gone.
    mutating func queueReset(_ id: UInt32) throws(MuxerError) {
        guard resets.count < settings.maxPendingResets else {
            throw MuxerError(.tooManyReplies, "\(resets.count) resets wait for a peer that does not read")
        }
        resets.append(id)
    }

    /// The frames that belong to no live stream. The go-away comes last, as the answers before it are still owed.
    private mutating func nextSessionFrame() -> YamuxHeader? {
        if let value = pongs.popFirst() { return YamuxHeader(.ping, .ack, stream: 0, length: value) }
        if let value = pendingPing {
            pendingPing = nil
            return YamuxHeader(.ping, .syn, stream: 0, length: value)
        }
        if let id = resets.popFirst() { return YamuxHeader(.windowUpdate, .rst, stream: id) }
        if let code = pendingGoAway {
            pendingGoAway = nil
            return YamuxHeader(.goAway, stream: 0, length: code.rawValue)
        }
        return nil
    }

    /// The next window update, or flags that no data frame carries.
    private mutating func writeControlFrame(into buffer: inout ByteBuffer) -> MuxerFrame? {
        guard failure == nil else { return nil }
        while let slot = owing.first {
            owing.remove(slot)
            guard let handle = streams.handle(at: slot), streams[handle]?.needsControlFrame == true else { continue }
            streams[handle]?.takeControlFrame().write(to: &buffer)
            return MuxerFrame(stream: handle, endsStream: removeIfDone(handle))
        }
        return nil
    }
}
