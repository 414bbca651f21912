import LibP2PCore
import NIOCore

/// Payload from this size on is written as it is; smaller payload is copied behind its header, so that what one tick
/// produces reaches the cipher in one piece. Copying 4 KiB takes less time than sealing one more message.
private let leastUncopiedPayload = 4096

/// After so many bytes the socket is given what there is, and asked whether it takes more.
private let leastBytesPerFlush = 256 * 1024

/// A connection that has so much to send lets the others of its loop have their turn.
private let mostBytesPerTick = 1024 * 1024

/// The gathering buffer is kept between ticks up to this capacity, so that an idle connection holds little.
private let mostKeptCapacity = 4096

/// The way out: frames are gathered, and written as long as the socket takes them.
extension MuxerShell {
    /// Makes sure that what is to be sent is sent at the end of this tick.
    func scheduleFlush() {
        guard !isFlushScheduled, !hasEnded, let connection else { return }
        isFlushScheduled = true
        connection.executor.flushSoon(self)
    }

    func flushNow() {
        isFlushScheduled = false
        guard !hasEnded, let context else { return }
        var written = 0
        while context.channel.isWritable, written < mostBytesPerTick, !hasEnded {
            let count = writeFrames(context)
            written += count
            if gathered.readableBytes > 0 { writeGathered(context) }
            if count > 0 { context.flush() }
            guard count >= leastBytesPerFlush else { break }
        }
        releaseStorage()
        if !context.channel.isWritable {
            watchWriting()
        } else if session.hasOutput {
            scheduleFlush()
        }
        if session.failure != nil { checkSession() }
    }

    /// Writes frames until enough for one flush.
    ///
    /// - Returns: how many bytes were written.
    private func writeFrames(_ context: ChannelHandlerContext) -> Int {
        var count = 0
        while count < leastBytesPerFlush {
            let before = gathered.readableBytes
            guard let frame = session.writeFrame(into: &gathered) else { break }
            count += gathered.readableBytes - before + frame.payload
            guard let handle = frame.stream else { continue }
            if frame.payload > 0, !writePayload(frame.payload, of: handle, context) { return count }
            if frame.endsStream { release(handle) }
        }
        return count
    }

    /// Moves payload from a stream behind the header that has just been written.
    ///
    /// - Returns: false when the stream had less than it had announced; the connection is then beyond repair and closed.
    private func writePayload(_ count: Int, of handle: StreamHandle, _ context: ChannelHandlerContext) -> Bool {
        var missing = count
        while missing > 0 {
            guard let bytes = places[handle]?.takeOutput(upTo: missing) else {
                end(NetworkError(.misuse, "A stream withdrew bytes that it had offered."))
                context.close(promise: nil)
                return false
            }
            missing -= bytes.readableBytes
            if bytes.readableBytes < leastUncopiedPayload {
                gathered.writeImmutableBuffer(bytes)
            } else {
                writeGathered(context)
                context.write(wrapOutboundOut(bytes), promise: nil)
            }
        }
        return true
    }

    private func writeGathered(_ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(gathered), promise: nil)
        gathered.clear()
    }

    private func releaseStorage() {
        if gathered.capacity > mostKeptCapacity { gathered = ByteBuffer() }
    }

    /// Sends what the session owes, its reason for ending last, ends, and closes the channel when that has been sent.
    func endWithFarewell(_ error: NetworkError) {
        guard let context else { return end(error) }
        _ = writeFrames(context)
        let promise = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(gathered), promise: promise)
        gathered = ByteBuffer()
        end(error)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        // A peer that takes nothing more does not keep the socket.
        let timer = context.eventLoop.scheduleTask(in: TimeAmount(timing.write)) { bound.value.close(promise: nil) }
        promise.futureResult.whenComplete { _ in
            timer.cancel()
            bound.value.close(promise: nil)
        }
    }
}
