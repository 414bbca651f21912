import LibP2PCore
import Synchronization

/// Which handler serves which protocol.
final class HandlerRegistry: StreamRouter {
    private let routes = Mutex<[ProtocolID: StreamRoute]>([:])
    private let streamsPerProtocol: Int

    /// - Parameter streamsPerProtocol: the most streams of any protocol; 0 is unlimited.
    init(streamsPerProtocol: Int) { self.streamsPerProtocol = streamsPerProtocol }

    var protocols: [ProtocolID] { routes.withLock { $0.keys.sorted() } }

    func route(for protocolID: ProtocolID, on connection: Connection) -> StreamRoute? {
        guard let route = routes.withLock({ $0[protocolID] }) else { return nil }
        return connection.isLimited && !route.limits.allowsLimitedConnections ? nil : route
    }

    func add(_ handler: any StreamHandler) {
        var limits = handler.limits
        if streamsPerProtocol > 0 { limits.total = min(limits.total ?? .max, streamsPerProtocol) }
        let route = StreamRoute(handler, limits: limits)
        routes.withLock { routes in
            for protocolID in handler.protocols { routes[protocolID] = route }
        }
    }

    func remove(_ protocols: [ProtocolID]) {
        routes.withLock { routes in
            for protocolID in protocols { routes[protocolID] = nil }
        }
    }

    func removeAll() { routes.withLock { $0 = [:] } }

    /// Streams that are open now, by protocol.
    var activeStreams: [ProtocolID: Int] { routes.withLock { $0.mapValues(\.activeStreams) } }
}
