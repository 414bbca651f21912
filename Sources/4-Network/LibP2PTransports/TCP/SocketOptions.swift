public import NIOCore

/// How sockets are set up, for all transports above TCP.
public struct SocketOptions: Sendable {
    /// How long to wait for a connection to be established.
    public var connectTimeout: Duration
    /// Connections that the kernel holds ready until they are accepted; it may hold fewer
    /// (`net.core.somaxconn`).
    public var backlog: Int32
    /// Unsent bytes at which a connection's writers wait (high), and go on (low).
    public var writeMarks: ChannelOptions.Types.WriteBufferWaterMark
    /// After so much silence the kernel asks whether the other side is alive. Muxers without a ping, such as mplex, depend
    /// on it to find dead connections.
    public var keepAliveAfter: Duration

    /// The defaults.
    public init(
        connectTimeout: Duration = .seconds(10), backlog: Int32 = 1024,
        writeMarks: ChannelOptions.Types.WriteBufferWaterMark = .init(low: 64 * 1024, high: 128 * 1024),
        keepAliveAfter: Duration = .seconds(60)
    ) {
        self.connectTimeout = connectTimeout
        self.backlog = backlog
        self.writeMarks = writeMarks
        self.keepAliveAfter = keepAliveAfter
    }

    /// Sets up a socket. Called on its loop.
    ///
    /// - Throws: what the system says, such as when the other side has gone already.
    func apply(to channel: any Channel) throws {
        guard let options = channel.syncOptions else { return }
        try options.setOption(.tcpOption(.tcp_nodelay), value: 1)
        try options.setOption(.socketOption(.so_keepalive), value: 1)
        #if os(Linux)
            // TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT: the defaults would notice after more than two hours.
            for (name, value) in [(4, max(1, keepAliveAfter.components.seconds)), (5, 15), (6, 4)] {
                try options.setOption(.tcpOption(.init(rawValue: CInt(name))), value: .init(clamping: value))
            }
        #endif
        try options.setOption(.writeBufferWaterMark, value: writeMarks)
        // A connection that says little gets small buffers, and they are given back after each read.
        try options.setOption(
            .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 2048, maximum: 262_144))
    }
}
