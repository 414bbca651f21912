public import NIOCore

/// What carries the streams of one connection: yamux or mplex on a byte channel, or a transport that has streams of its
/// own, such as QUIC.
///
/// A muxer is confined to the connection's loop; all calls in both directions are made there. It tells the connection
/// of streams and of the end by `Connection.muxerAccepted(_:)`, `muxerReleased(_:)` and `muxerClosed(_:)`, and feeds
/// streams by `Stream.receive(_:)`, `receiveEnd()` and `receiveFailure(_:)`. Any of these calls may call back into the
/// muxer before it returns: a handler starts at once, and an observer writes at once. So a muxer must have its state in
/// order, and no exclusive access under way, when it makes them. After `muxerClosed(_:)` it forgets the connection.
public protocol StreamMuxer: AnyObject {
    /// Begins to work for a connection. Nothing is handed up before this call; what arrived earlier is kept.
    func start(for connection: Connection)

    /// Opens a stream without waiting for the other side.
    ///
    /// - Throws: ``NetworkError``: `.closed` when the connection is ending, `.refused` when too many streams wait to be
    ///   acknowledged.
    func openStream() throws -> Stream

    /// The stream has bytes to take, or its outbound end can be sent: see `Stream.takeOutput(upTo:)`.
    func outputReady(_ stream: Stream)

    /// The application took bytes of the stream: the other side may send so many more.
    func inputConsumed(_ stream: Stream, byteCount: Int)

    /// Cuts the stream off. The stream itself knows already.
    func reset(_ stream: Stream, code: UInt32)

    /// Says goodbye and closes what is below.
    func close(_ reason: CloseReason)
}

/// Why a connection ends, as far as the other side is told.
public enum CloseReason: Sendable {
    /// Orderly, for no fault of the other side's.
    case normal
    /// The other side broke the protocol.
    case protocolError
    /// Something on this side failed.
    case internalError
}

/// Which side of a handshake this is.
public enum HandshakeRole: Sendable {
    /// Opened the connection.
    case dialer
    /// Accepted the connection.
    case listener
}

/// A stream muxer for byte channels, by name.
public protocol MuxerProtocol: Sendable {
    /// Its multistream-select id, such as `/yamux/1.0.0`.
    var protocolID: ProtocolID { get }

    /// Adds the muxer at the end of a secured channel's pipeline. Called on the channel's loop.
    ///
    /// - Throws: what the pipeline throws when the channel is gone.
    func install(on channel: any Channel, role: HandshakeRole) throws -> any StreamMuxer
}
