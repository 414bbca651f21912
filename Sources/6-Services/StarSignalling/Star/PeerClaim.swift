/// An address that somebody joined under.
package struct PeerClaim: Sendable {
    /// When and where: no two claims have the same.
    package let stamp: JoinStamp
    /// Its place in the book of this node.
    package let serial: UInt64
    /// Who joined.
    package let holder: PeerHolder
}

/// Who joined.
package enum PeerHolder: Sendable {
    /// A socket of this node.
    case local(StarMember)
    /// A socket of another node.
    case remote(StarNodeID)

    var isLocal: Bool {
        guard case .local = self else { return false }
        return true
    }
}
