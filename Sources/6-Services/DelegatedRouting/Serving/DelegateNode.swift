public import LibP2PBitswap
public import LibP2PIdentity
public import Multiformats

/// What the RPC shows of the node behind the delegate, and lets it do.
public protocol DelegateNode: Sendable {
    /// Who the node is.
    var profile: DelegateProfile { get }

    /// Who is connected, each with its address.
    var connectedPeers: [(id: PeerID, address: String)] { get }

    /// Connects to a peer.
    func connect(to peer: PeerID, at addresses: [Multiaddr]) async throws

    /// A block: from the cache, or else from whoever has it.
    ///
    /// - Parameters:
    ///   - client: who wants it; its own node is a likely source.
    ///   - isLocal: whether nobody is asked.
    /// - Throws: ``RoutingError``, or `BitswapError`.
    func block(_ cid: CID, for client: IPAddress?, isLocal: Bool) async throws -> Block
}

/// Who a node is, as `id` and `version` tell.
public struct DelegateProfile: Sendable {
    /// The peer id.
    public var id: PeerID
    /// The public key in protobuf form.
    public var publicKey: [UInt8]
    /// Addresses with the peer id.
    public var addresses: [String]
    /// Program and version.
    public var agentVersion: String
    /// The network.
    public var protocolVersion: String
    /// Protocols that are answered.
    public var protocols: [String]
    /// The version alone.
    public var version: String

    /// Describes a node.
    public init(
        id: PeerID, publicKey: [UInt8], addresses: [String], agentVersion: String, protocolVersion: String,
        protocols: [String], version: String
    ) {
        self.id = id
        self.publicKey = publicKey
        self.addresses = addresses
        self.agentVersion = agentVersion
        self.protocolVersion = protocolVersion
        self.protocols = protocols
        self.version = version
    }
}
