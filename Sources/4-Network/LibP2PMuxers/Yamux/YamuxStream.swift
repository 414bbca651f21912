/// What a yamux session knows of one stream.
struct YamuxStream: Sendable {
    /// The id on the wire.
    let id: UInt32
    /// Bytes we may still send.
    var sendWindow = YamuxSettings.initialWindow
    /// Bytes the peer may still send.
    var receiveCredit = YamuxSettings.initialWindow
    /// Bytes the reader took that the peer has not been told of.
    var unannounced: UInt32 = 0
    /// Bytes that wait in the shell to be sent.
    var queued = 0
    /// Flags that the peer has not been sent yet. FIN goes with the last queued byte, the others with the next frame.
    var owed: YamuxFlags
    /// The peer has not answered our SYN.
    var isUnacknowledged: Bool
    /// Our FIN has been asked for; nothing more may be queued.
    var isFinishing = false
    /// The peer's FIN has arrived.
    var isRemoteFinished = false

    init(id: UInt32, isInbound: Bool) {
        self.id = id
        owed = isInbound ? .ack : .syn
        isUnacknowledged = !isInbound
    }

    /// Our FIN is on its way.
    var isLocalFinished: Bool { isFinishing && !owed.contains(.fin) }

    /// Whether a data frame can be sent now.
    var canSendData: Bool { queued > 0 && sendWindow > 0 }

    /// Whether a frame without payload has to be sent: a window update that has become worth its while, or flags that no
    /// data frame is going to carry.
    var needsControlFrame: Bool {
        if !isRemoteFinished, unannounced >= YamuxSettings.initialWindow / 2 { return true }
        if owed.contains(.fin), queued == 0 { return true }
        return !owed.isDisjoint(with: [.syn, .ack]) && !canSendData
    }

    /// Takes the flags that the next frame carries; `endsData` when it carries the last queued byte or there is none.
    mutating func takeFlags(endsData: Bool) -> YamuxFlags {
        let flags = endsData ? owed : owed.subtracting(.fin)
        owed.subtract(flags)
        return flags
    }

    /// Makes the header of a data frame of at most `limit` bytes, and counts them as sent.
    mutating func takeDataFrame(atMost limit: Int) -> YamuxHeader {
        let count = min(queued, Int(sendWindow), limit)
        queued -= count
        sendWindow -= UInt32(count)
        return YamuxHeader(.data, takeFlags(endsData: queued == 0), stream: id, length: UInt32(count))
    }

    /// Makes the frame without payload that tells the peer of our flags and of the window.
    mutating func takeControlFrame() -> YamuxHeader {
        let flags = takeFlags(endsData: queued == 0)
        let delta = isRemoteFinished ? 0 : unannounced
        unannounced = 0
        // The credit can't pass the initial window: it was reduced by every byte that `delta` gives back.
        receiveCredit += delta
        return YamuxHeader(flags == .fin && delta == 0 ? .data : .windowUpdate, flags, stream: id, length: delta)
    }
}
