public import LibP2PIdentity
public import NIOCore

/// A handshake that encrypts a byte channel and proves who is at its other end.
public protocol SecurityProtocol: Sendable {
    /// Its multistream-select id, such as `/noise`.
    var protocolID: ProtocolID { get }

    /// Adds its handlers at the end of the channel's pipeline and runs the handshake. Called on the channel's loop.
    ///
    /// The future completes on the loop, and before the first byte from the peer is passed up the pipeline: its
    /// callbacks add the next handler in time. On failure the channel is closed by the caller.
    ///
    /// - Parameters:
    ///   - role: which side this is.
    ///   - expected: the peer that must be there, if the caller knows.
    ///   - muxers: what to offer for early muxer negotiation, the preferred one first.
    func secure(
        _ channel: any Channel, role: HandshakeRole, expecting expected: PeerID?, muxers: [ProtocolID]
    ) -> EventLoopFuture<SecuredPeer>
}

/// What a handshake proved.
public struct SecuredPeer: Sendable {
    /// The peer at the other end.
    public let peerID: PeerID
    /// Its key, which hashes to its id.
    public let publicKey: PublicKey
    /// The muxer that the handshake agreed on; nil when that is left to multistream-select.
    public let muxer: ProtocolID?

    /// Made by security protocols when the proof is complete.
    public init(publicKey: PublicKey, muxer: ProtocolID?) {
        self.peerID = publicKey.peerID
        self.publicKey = publicKey
        self.muxer = muxer
    }
}
