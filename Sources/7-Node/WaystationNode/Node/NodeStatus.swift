import LibP2PCore
public import LibP2PIdentity
public import Multiformats

/// Where a node is reached.
public struct NodeStatus: Sendable {
    /// The node's id.
    public var peerID: PeerID

    /// Every address that is listened on, with the node's id; the front door's among them.
    public var listening: [Multiaddr]

    /// The front door, or `nil` when it is closed.
    public var frontDoorURL: String?

    /// The front door over TLS, or `nil` when there is none.
    public var secureFrontDoorURL: String?

    /// The admin server, or `nil` when there is none.
    public var adminURL: String?

    /// The lines that `waystation run` prints where standard output is not a terminal. Programs read them.
    public var plainLines: [String] {
        var lines = ["peer \(peerID)"]
        lines += listening.map { "listening \($0)" }
        if let frontDoorURL { lines.append("http \(frontDoorURL)") }
        if let secureFrontDoorURL { lines.append("https \(secureFrontDoorURL)") }
        if let adminURL { lines.append("admin \(adminURL)") }
        return lines + ["ready"]
    }
}

extension Node {
    /// Where the node is reached now.
    public var status: NodeStatus {
        NodeStatus(
            peerID: host.localPeer, listening: listenAddresses, frontDoorURL: frontDoor.url,
            secureFrontDoorURL: frontDoor.secureURL, adminURL: web.adminURL)
    }
}
