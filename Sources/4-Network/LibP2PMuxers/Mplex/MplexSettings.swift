/// The limits of an mplex session.
public struct MplexSettings: Sendable, Hashable {
    /// Streams that the peer may have open at once; more are reset.
    public var maxInboundStreams = 1024

    /// Bytes that may wait for the reader of one stream, as in js-libp2p. mplex has no windows: beyond this the node stops
    /// reading from the whole connection for a while, and then resets the stream.
    public var maxBufferedBytes = 4 * 1024 * 1024

    /// Resets that may wait for the socket: a peer that takes none of them and makes us owe more is cut off.
    public var maxPendingResets = 4096

    /// The longest payload we send in one frame: with its header it fits the plaintext of one Noise message (65,519 bytes).
    static let maxSentPayload = 65_519 - 14

    /// The default limits.
    public init() {}
}
