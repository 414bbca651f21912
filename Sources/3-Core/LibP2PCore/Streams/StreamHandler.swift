/// Serves the inbound streams of one protocol.
///
/// ```swift
/// struct Echo: StreamHandler {
///     let protocols: [ProtocolID] = ["/echo/1.0.0"]
///     let limits = StreamLimits(perConnection: 2, idle: .seconds(10))
///
///     func handle(_ stream: Stream) async throws {
///         while let bytes = try await stream.read() { try await stream.write(bytes) }
///     }
/// }
/// ```
/// A handler runs isolated to the stream's `Connection`, on its event loop: it shares the thread with the socket, so it
/// must not block. It needs no lock for what it keeps in local variables.
public protocol StreamHandler: Sendable {
    /// The ids to serve, the preferred one first.
    var protocols: [ProtocolID] { get }

    /// What each stream is allowed.
    var limits: StreamLimits { get }

    /// Serves one stream. Returning closes it, throwing resets it.
    func handle(_ stream: Stream) async throws
}

extension StreamHandler {
    /// The defaults of ``StreamLimits``.
    public var limits: StreamLimits { StreamLimits() }
}

/// Finds the handler of an inbound stream.
public protocol StreamRouter: Sendable {
    /// The route of a protocol, or nil when the node does not speak it on such a connection.
    func route(for protocolID: ProtocolID, on connection: Connection) -> StreamRoute?

    /// All ids that are answered, for the multistream request `ls` and for identify.
    var protocols: [ProtocolID] { get }
}
