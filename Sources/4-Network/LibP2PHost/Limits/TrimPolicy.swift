import LibP2PCore
import LibP2PIdentity
import NIOCore

/// When and which connections are closed to make room: pure rules of the connection manager.
public struct TrimPolicy: Sendable, Hashable {
    /// Above so many connections some are closed.
    public var highWater = 3686
    /// How many are left then, if so many can be closed.
    public var lowWater = 3200
    /// Connections younger than this are left alone.
    public var gracePeriod: Duration = .seconds(20)

    /// The defaults: 90 % of ``ConnectionLimits/total``, and 13 % below that.
    public init() {}

    /// What the policy knows of a connection.
    struct Candidate {
        let connection: Connection
        let isProtected: Bool
        let worth: Int
    }

    /// The connections to close now: the least worth first, among equals inbound before outbound and then the younger,
    /// so that peers which stayed long stay on.
    func victims(among candidates: [Candidate], now: NIODeadline) -> [Connection] {
        guard highWater > 0, candidates.count > highWater else { return [] }
        let grace = TimeAmount(gracePeriod)
        let closable = candidates.filter { !$0.isProtected && $0.connection.openedAt + grace <= now }
        let sorted = closable.sorted { left, right in
            if left.worth != right.worth { return left.worth < right.worth }
            if left.connection.isInbound != right.connection.isInbound { return left.connection.isInbound }
            return left.connection.openedAt > right.connection.openedAt
        }
        return sorted.prefix(candidates.count - lowWater).map(\.connection)
    }
}
