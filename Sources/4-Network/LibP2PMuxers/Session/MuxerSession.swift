package import LibP2PCore
package import NIOCore

/// What a session tells its shell about inbound bytes.
package enum MuxerEvent: Sendable, Equatable {
    /// The peer opened a stream.
    case opened(StreamHandle)
    /// Payload for a stream: a slice of the inbound buffer, perhaps only a part of a frame.
    case data(StreamHandle, ByteBuffer)
    /// The peer will send nothing more on this stream.
    case finished(StreamHandle)
    /// The peer reset the stream; the session has forgotten it.
    case reset(StreamHandle)
    /// The peer takes no new streams.
    case goingAway
}

/// One outbound frame, as far as the session writes it.
package struct MuxerFrame: Sendable, Equatable {
    /// The stream it belongs to; nil when the shell need not know.
    package var stream: StreamHandle?
    /// How many bytes of the stream the shell must write right behind the header.
    package var payload = 0
    /// Whether both sides have finished with this frame: the session has forgotten the stream.
    package var endsStream = false
}

/// The rules of one muxer as a value: frames and commands in, events and frames out, without I/O, clock or tasks.
///
/// A shell feeds it what arrives (``receive(_:)``) and takes the events one by one (``nextEvent()``). The bytes that wait
/// to be sent stay with the shell; the session only counts them (``setQueued(_:on:)``) and says whose turn it is
/// (``writeFrame(into:)``), so that windows, flags and fairness are decided here. Both are pulled in a loop: neither
/// direction allocates per frame. The shell drains ``writeFrame(into:)`` as long as the socket takes bytes and no longer:
/// what waits inside the session is bounded.
package protocol MuxerSession: Sendable {
    /// Why the session ended; once set it yields no more events, and the shell writes what is left and closes.
    var failure: MuxerError? { get }
    /// How many streams there are.
    var streamCount: Int { get }
    /// Whether ``writeFrame(into:)`` may have something to write.
    var hasOutput: Bool { get }
    /// Whether the shell should stop reading from the socket, because a stream without flow control is full.
    var isCongested: Bool { get }

    /// The stream's number on the wire; nil once the session has forgotten it.
    func number(of stream: StreamHandle) -> UInt64?

    /// Takes bytes from the peer. Drain ``nextEvent()`` afterwards.
    mutating func receive(_ bytes: ByteBuffer)
    /// What the bytes mean, one thing at a time; nil when more bytes are needed or the session has failed.
    mutating func nextEvent() -> MuxerEvent?

    /// Opens a stream.
    mutating func open() throws(MuxerError) -> StreamHandle
    /// So many bytes wait in the shell to be sent on this stream.
    mutating func setQueued(_ count: Int, on stream: StreamHandle)
    /// The reader took so many bytes of what `data` events brought.
    mutating func consume(_ count: Int, on stream: StreamHandle)
    /// Nothing more will be sent after what waits already.
    mutating func finish(_ stream: StreamHandle)
    /// Ends a stream in both directions, at once; what waits to be sent is dropped.
    mutating func reset(_ stream: StreamHandle)
    /// Resets every stream that is over its buffer's bound, and names them; only a muxer without flow control has any.
    mutating func resetCongested() -> [StreamHandle]
    /// Takes no more streams from the peer, and says so where the protocol can.
    mutating func goAway(_ reason: CloseReason)
    /// The keep-alive interval has passed: looks for signs of life since the last one, and pings where the protocol can.
    mutating func tick()

    /// Writes the next frame, or its header, to the end of `buffer`; nil when there is nothing to send now.
    mutating func writeFrame(into buffer: inout ByteBuffer) -> MuxerFrame?
}
