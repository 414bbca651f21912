/// Why a connection was refused; the label of a counter.
public enum RefusalReason: String, Sendable, CaseIterable {
    /// The total of connections is reached.
    case total
    /// The address has too many connections.
    case perIP = "per_ip"
    /// The address's prefix has too many connections.
    case perSubnet = "per_subnet"
    /// The address connects too often.
    case rate
    /// The peer has too many connections.
    case perPeer = "per_peer"
    /// A list forbids the address or the peer.
    case denied
    /// Newer handshakes took its place.
    case handshakes
    /// The other end is this node itself.
    case ownself = "self"
    /// The node is shutting down.
    case closing
}
