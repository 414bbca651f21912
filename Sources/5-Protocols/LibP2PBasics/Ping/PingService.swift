public import LibP2PCore

/// Answers pings: sends every block of 32 bytes back, until the other side ends.
///
/// Spec: libp2p/specs ping.
public struct PingService: StreamHandler {
    /// See ``Ping``.
    public let protocols = [Ping.protocolID]

    /// Two streams a connection, as the spec asks. rust-libp2p pings every 15 seconds on one stream that it keeps, so an
    /// idle minute is allowed.
    public let limits = StreamLimits(perConnection: 2, idle: .seconds(60), allowsLimitedConnections: true)

    /// Makes the handler.
    public init() {}

    /// See `StreamHandler`.
    public func handle(_ stream: Stream) async throws {
        while let block = try await stream.read(exactly: Ping.blockLength) {
            try await stream.write(block)
        }
    }
}
