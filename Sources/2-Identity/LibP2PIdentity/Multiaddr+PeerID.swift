public import Multiformats

extension Multiaddr {
    /// The peer the address leads to: its last `/p2p`. Nil when it names none, or only the relay in front of a
    /// `/p2p-circuit` without a target.
    public var peerID: PeerID? {
        var bytes: [UInt8]?
        for component in components {
            switch component.proto {
            case .p2p: bytes = component.value
            case .p2pCircuit: bytes = nil
            default: break
            }
        }
        guard let bytes else { return nil }
        return try? PeerID(bytes: bytes)
    }

    /// The address with `/p2p/<id>` at its end, instead of the peer it names already, if any.
    ///
    /// - Throws: `MultiformatsError` when the address would become too long.
    public func withPeerID(_ peerID: PeerID) throws(MultiformatsError) -> Multiaddr {
        let tail = try Component(.p2p, value: peerID.bytes)
        guard components.last?.proto == .p2p else { return try encapsulating(tail) }
        guard let head = decapsulating(.p2p) else { return try Multiaddr([tail]) }
        return try head.encapsulating(tail)
    }

    /// The address without the `/p2p` at its very end; nil when nothing else is there.
    public var withoutPeerID: Multiaddr? {
        components.last?.proto == .p2p ? decapsulating(.p2p) : self
    }
}
