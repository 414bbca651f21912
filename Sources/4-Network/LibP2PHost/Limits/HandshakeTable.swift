import OrderedCollections

/// The inbound handshakes under way, oldest first: pure rules.
struct HandshakeTable {
    private let limit: Int
    private var handshakes: OrderedDictionary<UInt64, @Sendable () -> Void> = [:]
    private var lastTicket: UInt64 = 0

    /// - Parameter limit: 0 for unlimited.
    init(limit: Int) { self.limit = limit }

    /// Handshakes under way.
    var count: Int { handshakes.count }

    /// Registers a handshake.
    ///
    /// - Parameter cancel: closes its channel.
    /// - Returns: its ticket, and how to cancel the oldest one when that has to give way.
    mutating func begin(cancel: @escaping @Sendable () -> Void) -> (ticket: UInt64, evicted: (@Sendable () -> Void)?) {
        var evicted: (@Sendable () -> Void)?
        if limit > 0, handshakes.count >= limit { evicted = handshakes.removeFirst().value }
        lastTicket += 1
        handshakes[lastTicket] = cancel
        return (lastTicket, evicted)
    }

    /// Ends a handshake, if it has not given way before.
    mutating func end(_ ticket: UInt64) { handshakes[ticket] = nil }
}
