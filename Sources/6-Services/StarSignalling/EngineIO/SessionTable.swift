import Synchronization

/// All sessions by their names, spread over stripes so that loops seldom wait for one another.
final class SessionTable: Sendable {
    private final class Stripe: Sendable {
        let connections = Mutex<[SocketID: EngineConnection]>([:])
    }

    private static let stripeCount = 64
    private let stripes = (0..<stripeCount).map { _ in Stripe() }

    subscript(id: SocketID) -> EngineConnection? {
        get { stripe(id).connections.withLock { $0[id] } }
        set { stripe(id).connections.withLock { $0[id] = newValue } }
    }

    /// All of them at this moment.
    var all: [EngineConnection] {
        stripes.flatMap { stripe in stripe.connections.withLock { Array($0.values) } }
    }

    private func stripe(_ id: SocketID) -> Stripe { stripes[id.stripe % Self.stripeCount] }
}
