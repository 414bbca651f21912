/// What a protocol allows each of its inbound streams. A handler declares it as data; the connection enforces it.
///
/// In all of them nil means no limit of the protocol's own; the connection's limits hold in any case.
public struct StreamLimits: Sendable, Hashable {
    /// Streams of this protocol that one connection may hold open at a time; one more is reset.
    public var perConnection: Int?
    /// Streams of this protocol in the whole node; one more is reset.
    public var total: Int?
    /// A stream on which nothing was read or written for so long is reset.
    public var idle: Duration?
    /// A stream that lives so long is reset.
    public var lifetime: Duration?
    /// Whether the protocol may run on a limited connection, such as one through a relay.
    public var allowsLimitedConnections: Bool

    /// Declares limits.
    public init(
        perConnection: Int? = nil, total: Int? = nil, idle: Duration? = .seconds(60), lifetime: Duration? = nil,
        allowsLimitedConnections: Bool = false
    ) {
        self.perConnection = perConnection
        self.total = total
        self.idle = idle
        self.lifetime = lifetime
        self.allowsLimitedConnections = allowsLimitedConnections
    }

    /// What a stream is allowed until its protocol is agreed.
    static let negotiating = StreamLimits(idle: .seconds(10), lifetime: .seconds(15))
}
