/// What an mplex session knows of one stream.
struct MplexStream: Sendable {
    /// The name on the wire.
    let id: MplexStreamID
    /// Bytes that came and that the reader has not taken.
    var buffered = 0
    /// Bytes that wait in the shell to be sent.
    var queued = 0
    /// The peer has not been told of the stream.
    var owesOpening: Bool
    /// Our close has been asked for; nothing more may be queued.
    var isFinishing = false
    /// Our close is on its way.
    var isLocalFinished = false
    /// The peer's close has arrived.
    var isRemoteFinished = false

    init(id: MplexStreamID) {
        self.id = id
        owesOpening = !id.isInbound
    }

    /// Whether there is anything to send.
    var hasFrame: Bool { owesOpening || queued > 0 || (isFinishing && !isLocalFinished) }

    /// The header of a frame of ours on this stream.
    func header(receiver: MplexFlag, initiator: MplexFlag, length: Int = 0) -> MplexHeader {
        MplexHeader(id: id.number, flag: id.isInbound ? receiver : initiator, length: length)
    }
}
