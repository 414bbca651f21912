public import LibP2PIdentity

/// What the links of a ``MemoryNetwork`` are like. Called on the loops of the nodes; must not block.
public protocol MemoryConditions: Sendable {
    /// Decides about a call from one node to another.
    ///
    /// - Returns: false when it cannot get through: it fails when the dialer's patience ends.
    func connects(_ dialer: PeerID, to listener: PeerID) -> Bool

    /// Decides about a parcel that is sent now. Parcels of one direction of a connection never overtake one another.
    ///
    /// - Returns: how long it is under way; nil when it is lost for good, and the connection with it.
    func delay(from sender: PeerID, to receiver: PeerID) -> Duration?
}
