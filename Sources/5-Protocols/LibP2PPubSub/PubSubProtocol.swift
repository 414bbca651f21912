public import LibP2PCore

/// The protocols of this room, the oldest first.
public enum PubSubProtocol: Int, Sendable, Hashable, CaseIterable, Comparable {
    /// Every message goes to everybody who is subscribed.
    case floodsub
    /// Gossipsub 1.0: a mesh, and gossip beside it.
    case meshsub10
    /// Gossipsub 1.1: back-off and peer exchange when a mesh is left; scores, which the wire does not show.
    case meshsub11
    /// Gossipsub 1.2: peers say which messages they need no more.
    case meshsub12

    /// The protocol of an id.
    public init?(_ id: ProtocolID) {
        guard let match = Self.allCases.first(where: { $0.id == id }) else { return nil }
        self = match
    }

    /// The id that is negotiated.
    public var id: ProtocolID {
        switch self {
        case .floodsub: "/floodsub/1.0.0"
        case .meshsub10: "/meshsub/1.0.0"
        case .meshsub11: "/meshsub/1.1.0"
        case .meshsub12: "/meshsub/1.2.0"
        }
    }

    /// All ids, the best first.
    public static var ids: [ProtocolID] { allCases.reversed().map(\.id) }

    /// The best protocol that is among those a peer serves.
    static func best(among served: [ProtocolID]) -> PubSubProtocol? {
        allCases.last { served.contains($0.id) }
    }

    /// Whether a peer takes part in meshes.
    var hasMesh: Bool { self != .floodsub }

    /// The earlier one is the smaller one.
    public static func < (left: PubSubProtocol, right: PubSubProtocol) -> Bool { left.rawValue < right.rawValue }
}
