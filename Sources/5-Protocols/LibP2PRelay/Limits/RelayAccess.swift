public import LibP2PIdentity

/// Who may use the relay. A deny entry beats every allow entry; an empty allow list allows everybody.
public struct RelayAccess: Sendable, Hashable {
    /// Peers that may not reserve a place, nor connect through the relay.
    public var deniedSources: Set<PeerID> = []
    /// If not empty, only these may reserve a place.
    public var allowedReservers: Set<PeerID> = []
    /// Peers that nobody may reach through the relay.
    public var deniedTargets: Set<PeerID> = []
    /// If not empty, only these may be reached through the relay.
    public var allowedTargets: Set<PeerID> = []

    /// Lets everybody.
    public init() {}

    /// Whether a peer may reserve a place.
    public func allowsReservation(of peer: PeerID) -> Bool {
        !deniedSources.contains(peer) && (allowedReservers.isEmpty || allowedReservers.contains(peer))
    }

    /// Whether a peer may connect to another one.
    public func allowsCircuit(from source: PeerID, to target: PeerID) -> Bool {
        !deniedSources.contains(source) && !deniedTargets.contains(target)
            && (allowedTargets.isEmpty || allowedTargets.contains(target))
    }
}
