public import LibP2PIdentity
public import Multiformats

/// What protocols see of the host that they run on.
///
/// Protocols depend on this contract, never on the host itself, so that tests run them on other networks.
public protocol Network: AnyObject, Sendable {
    /// The node's key.
    var identity: PrivateKey { get }

    /// The node's loops.
    var loops: LoopGroup { get }

    /// The loop on which the node's own actors live, one for all, unless they choose another.
    var home: LoopExecutor { get }

    /// The time of the world.
    var clock: WallClock { get }

    /// Where chance comes from.
    var random: RandomSource { get }

    /// What is known of other peers.
    var peerStore: any PeerStore { get }

    /// The addresses that others are told, without the node's own `/p2p`: announced, else listening and confirmed
    /// observed ones.
    var addresses: [Multiaddr] { get }

    /// The ids of all protocols that are answered now.
    var protocols: [ProtocolID] { get }

    /// Whether loopback and private addresses count as reachable (labs and LANs).
    var allowsPrivateAddresses: Bool { get }

    /// Serves a protocol from now on. A handler that is registered for the same id is replaced.
    func serve(_ handler: any StreamHandler)

    /// Stops serving protocols. Streams that are open live on.
    func stopServing(_ protocols: [ProtocolID])

    /// The live connections to a peer: direct ones first, then those through relays, limited ones last; among equals the
    /// older ones first.
    func connections(to peer: PeerID) -> [Connection]

    /// All live connections.
    var connections: [Connection] { get }

    /// Returns a live connection to the peer, or dials it at the given and the known addresses, several at once.
    ///
    /// A limited connection is returned only when no direct one can be had.
    ///
    /// - Throws: ``NetworkError``: `.unreachable` when no address answers, `.refused` by lists or back-off.
    func connect(to peer: PeerID, at addresses: [Multiaddr]) async throws -> Connection

    /// Returns a live connection that goes through no relay, or dials the peer at those of its addresses that lead to it
    /// directly.
    ///
    /// - Throws: as ``connect(to:at:)``.
    func connectDirectly(to peer: PeerID, at addresses: [Multiaddr]) async throws -> Connection

    /// Dials one address, whoever is there, without using or replacing connections that exist.
    func dial(_ address: Multiaddr, expecting peer: PeerID?) async throws -> Connection

    /// Listens on an address from now on.
    ///
    /// - Returns: the listener, which knows the real address.
    /// - Throws: ``NetworkError``: `.unsupportedAddress`, or what the transport throws.
    @discardableResult
    func listen(on address: Multiaddr) async throws -> any Listener

    /// Closes the listener with this address, if there is one.
    func stopListening(on address: Multiaddr) async

    /// Tells an observer of connections and peers from now on. It is held weakly.
    func addObserver(_ observer: any NetworkObserver)

    /// Keeps connections to a peer from being trimmed until the same tag is removed.
    func protect(_ peer: PeerID, tag: String)

    /// Ends ``protect(_:tag:)``.
    func unprotect(_ peer: PeerID, tag: String)

    /// Gives the connections to a peer a worth in the eyes of the connection manager; 0 removes the tag.
    func tag(_ peer: PeerID, _ tag: String, value: Int)

    /// Another peer says that it sees this node at an address.
    func observed(_ address: Multiaddr, by connection: Connection)

    /// What identify learned of the peer of a connection: kept in the peer store, and observers are told.
    func identified(_ connection: Connection, as description: PeerDescription)
}

extension Network {
    /// The node's id.
    public var localPeer: PeerID { identity.peerID }

    /// Connects if need be, opens a stream, speaks a protocol and closes the stream.
    ///
    /// - Throws: as ``connect(to:at:)`` and `Connection.withStream`.
    public func withStream<Result: Sendable>(
        to peer: PeerID, at addresses: [Multiaddr] = [], _ protocols: [ProtocolID], timeout: Duration? = nil,
        allowsLimited: Bool = false, _ body: @Sendable (Stream) async throws -> Result
    ) async throws -> Result {
        let connection = try await connect(to: peer, at: addresses)
        return try await connection.withStream(protocols, timeout: timeout, allowsLimited: allowsLimited, body)
    }
}

/// Is told what happens on a network. The calls come synchronously on the loop where it happened: return at once.
public protocol NetworkObserver: AnyObject, Sendable {
    /// A connection is ready for streams.
    func connectionOpened(_ connection: Connection)

    /// A connection has ended.
    func connectionClosed(_ connection: Connection, _ error: NetworkError)

    /// Identify, or an identify push, told what a peer is.
    func peerIdentified(_ peer: PeerID, _ description: PeerDescription, on connection: Connection)

    /// The node's own addresses or protocols changed.
    func selfChanged()
}

extension NetworkObserver {
    /// Does nothing.
    public func connectionOpened(_ connection: Connection) {}
    /// Does nothing.
    public func connectionClosed(_ connection: Connection, _ error: NetworkError) {}
    /// Does nothing.
    public func peerIdentified(_ peer: PeerID, _ description: PeerDescription, on connection: Connection) {}
    /// Does nothing.
    public func selfChanged() {}
}
