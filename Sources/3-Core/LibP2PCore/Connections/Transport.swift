public import LibP2PIdentity
public import Multiformats
public import NIOCore

/// A way to reach other machines, such as TCP or WebSocket.
///
/// A transport makes either byte channels, which it hands to the ``ConnectionUpgrader`` to be secured and multiplexed,
/// or, like QUIC, whole connections with their own security and streams, which it hands to the upgrader's `adopt`.
/// Either way the upgrader is asked for admission first, before any costly work.
public protocol Transport: Sendable {
    /// Whether the transport understands the address; it must be resolved already (no `/dns`), unless the transport
    /// needs the name.
    func canDial(_ address: Multiaddr) -> Bool

    /// Whether the transport can listen on the address.
    func canListen(on address: Multiaddr) -> Bool

    /// Connects and upgrades.
    ///
    /// - Parameters:
    ///   - peer: who must be there; nil to accept anybody.
    ///   - executor: the loop on which the connection lives.
    /// - Throws: ``NetworkError``. Cancelling the task gives the attempt up, but a connection that the upgrader has made
    ///   by then lives, and is returned: others may use it already.
    func dial(
        _ address: Multiaddr, expecting peer: PeerID?, upgrader: any ConnectionUpgrader, on executor: LoopExecutor
    ) async throws -> Connection

    /// Accepts connections until the listener is closed.
    ///
    /// - Throws: ``NetworkError`` when the address cannot be bound.
    func listen(
        on address: Multiaddr, upgrader: any ConnectionUpgrader, loops: LoopGroup
    ) async throws -> any Listener
}

/// Accepts connections on one address.
public protocol Listener: Sendable {
    /// Where it listens, with the real port; wildcards are not expanded.
    var address: Multiaddr { get }

    /// Where it can be reached now; they may change, and there may be none. Whoever changes them tells the upgrader by
    /// `listenerChanged()`.
    var addresses: [Multiaddr] { get }

    /// Stops accepting. Connections that exist live on.
    func close() async
}

extension Listener {
    /// ``address`` alone.
    public var addresses: [Multiaddr] { [address] }
}

/// Makes connections of what transports bring. The host implements it.
public protocol ConnectionUpgrader: Sendable {
    /// Decides whether an inbound connection from an address may go on to its handshake. Cheap; call it first.
    ///
    /// - Returns: the place that the connection holds until the admission is released.
    /// - Throws: ``NetworkError`` with `.refused`, to be answered by closing at once.
    func admit(from remote: Multiaddr) throws -> Admission

    /// Secures and multiplexes a byte channel. Called on the channel's loop; the channel's pipeline passes bytes as
    /// `ByteBuffer` in both directions.
    ///
    /// On failure the channel is closed and the admission released.
    func upgrade(_ channel: any Channel, _ end: ConnectionEnd) -> EventLoopFuture<Connection>

    /// Takes a connection whose transport has secured and multiplexed it. Called on the executor's loop.
    ///
    /// - Throws: ``NetworkError`` with `.refused` when a limit or list forbids the peer; the caller closes.
    func adopt(_ muxer: any StreamMuxer, securedAs peer: SecuredPeer, _ end: ConnectionEnd) throws -> Connection

    /// The addresses of a listener have changed.
    func listenerChanged()
}

extension ConnectionUpgrader {
    /// Does nothing.
    public func listenerChanged() {}
}

/// What a transport knows about the connection it brings.
public struct ConnectionEnd: Sendable {
    /// Which side opened the connection.
    public var role: HandshakeRole
    /// The loop on which it lives.
    public var executor: LoopExecutor
    /// This side's address.
    public var localAddress: Multiaddr
    /// The other side's address.
    public var remoteAddress: Multiaddr
    /// Who must be at the other end, when that is known.
    public var expectedPeer: PeerID?
    /// The place that an inbound connection holds.
    public var admission: Admission?
    /// Whether the connection is limited in time or bytes, as one through a relay is: protocols stay off it unless they
    /// opt in.
    public var isLimited: Bool

    /// Describes a connection.
    public init(
        role: HandshakeRole, executor: LoopExecutor, localAddress: Multiaddr, remoteAddress: Multiaddr,
        expectedPeer: PeerID? = nil, admission: Admission? = nil, isLimited: Bool = false
    ) {
        self.role = role
        self.executor = executor
        self.localAddress = localAddress
        self.remoteAddress = remoteAddress
        self.expectedPeer = expectedPeer
        self.admission = admission
        self.isLimited = isLimited
    }
}
