public import LibP2PCore
public import LibP2PIdentity
public import NIOCore

/// `/noise`: the Noise handshake XX in which both sides prove their peer identity, then ChaCha20-Poly1305
/// (libp2p/specs noise/README.md).
public struct Noise: SecurityProtocol {
    /// See `SecurityProtocol`.
    public let protocolID: ProtocolID = "/noise"

    private let identity: NoiseIdentity

    /// Makes the process's static key and signs it; keep the value for all connections.
    ///
    /// - Parameter identity: the node's identity key.
    /// - Throws: what signing with the identity key throws.
    public init(identity: PrivateKey) throws {
        self.identity = try NoiseIdentity(identity: identity)
    }

    /// See `SecurityProtocol`. Of the muxers only the first is offered, for the reason `MuxerChoice` gives.
    public func secure(
        _ channel: any Channel, role: HandshakeRole, expecting expected: PeerID?, muxers: [ProtocolID]
    ) -> EventLoopFuture<SecuredPeer> {
        let result = channel.eventLoop.makePromise(of: SecuredPeer.self)
        let handshake = NoiseHandshake(
            role: role, local: identity, offer: MuxerChoice.offer(from: muxers), expected: expected,
            ephemeral: NoiseKeyPair())
        do {
            try channel.pipeline.syncOperations.addHandler(NoiseHandler(handshake: handshake, result: result))
        } catch {
            result.fail(SecurityError(.closed, "the connection closed before the Noise handshake", cause: error))
        }
        return result.futureResult
    }
}
