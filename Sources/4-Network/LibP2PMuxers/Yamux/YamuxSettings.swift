/// The limits of a yamux session. The defaults are those of go-yamux unless a reason is given.
public struct YamuxSettings: Sendable, Hashable {
    /// Bytes that either side may send on a new stream before the first window update; fixed by the protocol.
    public static let initialWindow: UInt32 = 256 * 1024

    /// The longest payload we send in one frame: with the header it just fills the plaintext of one Noise message
    /// (65,519 bytes), so that a full frame costs one sealing.
    static let maxSentPayload = 65_519 - YamuxHeader.size

    /// The longest payload of a frame that is read only to be dropped, because its stream is gone: the largest window
    /// that go-yamux ever grants.
    static let maxDiscardedPayload: UInt32 = 16 * 1024 * 1024

    /// Streams that the peer may have open at once; more are reset.
    public var maxInboundStreams = 1024

    /// Streams we may have opened that the peer has not answered yet; the protocol's text asks for at most 256.
    public var maxUnacknowledgedStreams = 256

    /// Ping answers that may wait for the socket; further pings go unanswered.
    public var maxPendingPongs = 32

    /// Resets that may wait for the socket: a peer that takes none of them and makes us owe more is cut off.
    public var maxPendingResets = 4096

    /// The default limits.
    public init() {}
}
