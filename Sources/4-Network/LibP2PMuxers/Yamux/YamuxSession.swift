import DequeModule
import NIOCore

/// The rules of yamux as a value (libp2p/specs, yamux/README.md): the stream table, both windows of each stream, and
/// what is said in answer to what the peer says.
///
/// What waits to be sent, and its bound: window updates, acknowledgements and FINs are kept as state of their stream and
/// become a frame when it is their turn; ping answers and resets have queues with a limit each in ``YamuxSettings``.
package struct YamuxSession: MuxerSession {
    let settings: YamuxSettings
    let isInitiator: Bool
    package internal(set) var failure: MuxerError?

    var streams = StreamTable<UInt32, YamuxStream>()
    /// Streams with data and window to send, in the order of their turns.
    var ready = SlotQueue()
    /// Streams that may have to send a frame without data.
    var owing = SlotQueue()

    // Inbound, see YamuxSession+Inbound.swift.
    var parser = YamuxFrameParser()
    /// A header of which a part has been told already.
    var heldHeader: YamuxHeader?
    /// The stream that gets the payload now; nil to drop it.
    var payloadStream: StreamHandle?
    var payloadEndsStream = false
    var inboundCount = 0

    // Outbound, see YamuxSession+Outbound.swift.
    var pongs = Deque<UInt32>()
    var resets = Deque<UInt32>()
    var pendingPing: UInt32?
    var pendingGoAway: YamuxGoAway?

    /// The next id we open; nil when all are used.
    var nextID: UInt32?
    var unacknowledgedCount = 0
    var sentGoAway = false
    var receivedGoAway = false

    var pingValue: UInt32 = 0
    /// Whether anything has come from the peer since the last tick.
    var heardSinceTick = true
    var awaitsPong = false

    /// Begins a session; `isInitiator` on the side that dialled, which opens the odd ids.
    package init(isInitiator: Bool, settings: YamuxSettings = YamuxSettings()) {
        self.isInitiator = isInitiator
        self.settings = settings
        nextID = isInitiator ? 1 : 2
    }

    package var streamCount: Int { streams.count }
    package var isCongested: Bool { false }
    package var hasOutput: Bool {
        !ready.isEmpty || !owing.isEmpty || !pongs.isEmpty || !resets.isEmpty || pendingPing != nil
            || pendingGoAway != nil
    }

    package func number(of stream: StreamHandle) -> UInt64? { streams[stream].map { UInt64($0.id) } }

    /// Whether the peer, not we, opens streams with this id.
    func isInbound(_ id: UInt32) -> Bool { id.isMultiple(of: 2) == isInitiator }

    /// Takes a stream out of everything that knows it.
    mutating func remove(_ handle: StreamHandle) {
        guard let stream = streams[handle] else { return }
        ready.remove(handle.slot)
        owing.remove(handle.slot)
        if isInbound(stream.id) { inboundCount -= 1 }
        if stream.isUnacknowledged { unacknowledgedCount -= 1 }
        streams.remove(handle, id: stream.id)
    }

    /// Takes the stream out once both sides have finished.
    ///
    /// - Returns: whether they have.
    @discardableResult
    mutating func removeIfDone(_ handle: StreamHandle) -> Bool {
        guard let stream = streams[handle], stream.isLocalFinished, stream.isRemoteFinished else { return false }
        remove(handle)
        return true
    }

    /// Queues the stream wherever it has something to send.
    mutating func schedule(_ handle: StreamHandle) {
        guard let stream = streams[handle] else { return }
        if stream.canSendData { ready.append(handle.slot) } else { ready.remove(handle.slot) }
        if stream.needsControlFrame { owing.append(handle.slot) }
    }

    /// Ends the session: the last frame says why.
    mutating func fail(_ error: MuxerError) {
        failure = error
        pendingGoAway =
            error.code == .tooManyReplies || error.code == .keepAliveTimeout ? .internalError : .protocolError
        resets.removeAll()
        pongs.removeAll()
    }
}
