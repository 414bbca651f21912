public import LibP2PIdentity
public import Multiformats

/// What a node remembers of other peers: addresses with an end of life, protocols, agent. Bounded in peers and in
/// addresses a peer. Safe to call from anywhere.
public protocol PeerStore: AnyObject, Sendable {
    /// The addresses of a peer that have not expired, without `/p2p` at their end, the most trusted first.
    func addresses(of peer: PeerID) -> [Multiaddr]

    /// Adds addresses. Those that are known live at least so long from now.
    func add(_ addresses: [Multiaddr], of peer: PeerID, lifetime: AddressLifetime)

    /// What identify told of a peer, if it has.
    func description(of peer: PeerID) -> PeerDescription?

    /// Replaces what identify told of a peer, addresses included.
    func set(_ description: PeerDescription, of peer: PeerID)

    /// Forgets a peer.
    func remove(_ peer: PeerID)

    /// All peers with an address that has not expired.
    var peers: [PeerID] { get }
}

/// How long an address is worth keeping.
public enum AddressLifetime: Sendable, Hashable {
    /// While connected; a short time after.
    case connected
    /// Told by a third peer, as in answers of a DHT: 2 minutes.
    case hearsay
    /// Of a provider: 24 hours.
    case provider
    /// Given by the operator: for ever.
    case permanent
    /// Any other time.
    case lasting(Duration)

    /// The time from now; nil for ever.
    public var duration: Duration? {
        switch self {
        case .connected: .seconds(30 * 60)
        case .hearsay: .seconds(120)
        case .provider: .seconds(24 * 3600)
        case .permanent: nil
        case .lasting(let duration): duration
        }
    }
}

/// What identify tells of a peer.
public struct PeerDescription: Sendable, Equatable {
    /// Where the peer says it listens, without `/p2p` at the end.
    public var addresses: [Multiaddr]
    /// What it serves.
    public var protocols: [ProtocolID]
    /// Its program, such as `go-libp2p/0.32.1`.
    public var agentVersion: String
    /// Its network, such as `ipfs/0.1.0`.
    public var protocolVersion: String
    /// The envelope that certifies the addresses, as received; verified.
    public var signedPeerRecord: [UInt8]?

    /// Describes a peer.
    public init(
        addresses: [Multiaddr] = [], protocols: [ProtocolID] = [], agentVersion: String = "",
        protocolVersion: String = "", signedPeerRecord: [UInt8]? = nil
    ) {
        self.addresses = addresses
        self.protocols = protocols
        self.agentVersion = agentVersion
        self.protocolVersion = protocolVersion
        self.signedPeerRecord = signedPeerRecord
    }
}
