import DequeModule
import NIOCore

/// The rules of mplex as a value (libp2p/specs, mplex/README.md). The muxer is deprecated, but the only one that most
/// browsers of 2020 speak.
///
/// It has no flow control. The session counts what each stream's reader has not taken and says when a stream is over its
/// bound (``isCongested``); the shell then stops reading for a while and at last resets such streams.
package struct MplexSession: MuxerSession {
    let settings: MplexSettings
    package internal(set) var failure: MuxerError?

    var streams = StreamTable<MplexStreamID, MplexStream>()
    /// Streams with anything to send, in the order of their turns.
    var ready = SlotQueue()
    /// Resets that the peer has not been sent.
    var resets = Deque<MplexStreamID>()

    var parser = MplexFrameParser()
    /// The stream that gets the payload now; nil to drop it.
    var payloadStream: StreamHandle?
    var inboundCount = 0
    var congestedCount = 0

    /// The next number we open; nil when all are used.
    var nextID: UInt64? = 0
    var sentGoAway = false

    /// Begins a session; both sides are alike.
    package init(settings: MplexSettings = MplexSettings()) {
        self.settings = settings
    }

    package var streamCount: Int { streams.count }
    package var isCongested: Bool { congestedCount > 0 }
    package var hasOutput: Bool { !ready.isEmpty || !resets.isEmpty }

    package func number(of stream: StreamHandle) -> UInt64? { streams[stream]?.id.number }

    /// Takes a stream out of everything that knows it.
    mutating func remove(_ handle: StreamHandle) {
        guard let stream = streams[handle] else { return }
        ready.remove(handle.slot)
        if stream.id.isInbound { inboundCount -= 1 }
        if stream.buffered > settings.maxBufferedBytes { congestedCount -= 1 }
        streams.remove(handle, id: stream.id)
    }

    /// Changes how much waits for a stream's reader, and notes when that crosses the bound.
    mutating func setBuffered(_ count: Int, of handle: StreamHandle) {
        guard let before = streams[handle]?.buffered else { return }
        streams[handle]?.buffered = count
        if before <= settings.maxBufferedBytes, count > settings.maxBufferedBytes { congestedCount += 1 }
        if before > settings.maxBufferedBytes, count <= settings.maxBufferedBytes { congestedCount -= 1 }
    }

    /// Queues the stream when it has something to send.
    mutating func schedule(_ handle: StreamHandle) {
        if streams[handle]?.hasFrame == true { ready.append(handle.slot) } else { ready.remove(handle.slot) }
    }

    /// Ends the session. mplex has no words for why.
    mutating func fail(_ error: MuxerError) {
        failure = error
        resets.removeAll()
    }
}
