public import LibP2PCore
public import LibP2PIdentity
public import NIOCore
internal import NIOSSL

/// `/tls/1.0.0`: TLS 1.3 in which both sides prove their peer identity by self-signed certificates (libp2p/specs
/// tls/tls.md).
///
/// One certificate serves all connections of a process and is renewed in time. Names, authorities, resumption and early
/// data play no part: each would stand in for a proof of identity that is required every time.
public struct TLS: SecurityProtocol {
    /// The ALPN name that leaves the muxer to multistream-select.
    static let fallback = "libp2p"

    /// See `SecurityProtocol`.
    public let protocolID: ProtocolID = "/tls/1.0.0"

    private let contexts: TLSContexts
    private let clock: WallClock

    /// Makes the node's certificate.
    ///
    /// - Parameters:
    ///   - identity: the node's identity key.
    ///   - clock: tells whether certificates are valid, the node's own included.
    /// - Throws: `SecurityError` of code `unavailable` if the certificate cannot be made.
    public init(identity: PrivateKey, clock: WallClock = .system) throws {
        contexts = try TLSContexts(identity: identity, clock: clock)
        self.clock = clock
    }

    /// See `SecurityProtocol`. Of the muxers only the first is offered, for the reason `MuxerChoice` gives.
    public func secure(
        _ channel: any Channel, role: HandshakeRole, expecting expected: PeerID?, muxers: [ProtocolID]
    ) -> EventLoopFuture<SecuredPeer> {
        let result = channel.eventLoop.makePromise(of: SecuredPeer.self)
        do {
            let offer = MuxerChoice.offer(from: muxers)
            let verdict = TLSVerdict(expected: expected, clock: clock)
            let context = try contexts.context(offering: offer)
            let cipher: NIOSSLHandler =
                switch role {
                case .dialer:
                    try NIOSSLClientHandler(
                        context: context, serverHostname: nil, customVerificationCallback: verdict.consider)
                case .listener:
                    NIOSSLServerHandler(context: context, customVerificationCallback: verdict.consider)
                }
            let waiter = TLSHandshakeWaiter(verdict: verdict, offer: offer, result: result)
            try channel.pipeline.syncOperations.addHandlers([cipher, waiter])
        } catch {
            result.fail(SecurityError(.unavailable, "TLS cannot be set up on the connection", cause: error))
        }
        return result.futureResult
    }
}
