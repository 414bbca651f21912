/// How long a muxer waits for what.
public struct MuxerTiming: Sendable, Hashable {
    /// Between two keep-alive pings; a peer from which nothing comes for so long after a ping is gone. As in go-yamux.
    public var keepAlive: Duration = .seconds(30)
    /// A socket that has been full for so long is given up. As in go-yamux.
    public var write: Duration = .seconds(10)
    /// How long the connection is not read while a stream without flow control is full; then that stream is reset. As in
    /// go-mplex.
    public var congestion: Duration = .seconds(5)

    /// The default waits.
    public init() {}
}
