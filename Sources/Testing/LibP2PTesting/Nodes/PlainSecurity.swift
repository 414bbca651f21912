public import LibP2PCore
public import LibP2PIdentity
public import NIOCore
import Wire

/// Both sides tell their public keys, and that is believed: for tests of what lies below and above a real security
/// protocol. It proves nothing and encrypts nothing.
public struct PlainSecurity: SecurityProtocol {
    /// Its name on a channel.
    public let protocolID: ProtocolID = "/plaintext/test"
    private let identity: PublicKey

    /// Makes the protocol of a node.
    public init(identity: PublicKey) { self.identity = identity }

    /// See `SecurityProtocol`.
    public func secure(
        _ channel: any Channel, role: HandshakeRole, expecting expected: PeerID?, muxers: [ProtocolID]
    ) -> EventLoopFuture<SecuredPeer> {
        let promise = channel.eventLoop.makePromise(of: SecuredPeer.self)
        do {
            try channel.pipeline.syncOperations.addHandler(
                PlainHandler(identity: identity, expected: expected, promise: promise))
        } catch {
            promise.fail(error)
        }
        return promise.futureResult
    }
}

/// Sends a key, reads a key, and leaves.
private final class PlainHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let identity: PublicKey
    private let expected: PeerID?
    private let promise: EventLoopPromise<SecuredPeer>
    private var unread = ByteBuffer()

    init(identity: PublicKey, expected: PeerID?, promise: EventLoopPromise<SecuredPeer>) {
        self.identity = identity
        self.expected = expected
        self.promise = promise
    }

    func handlerAdded(context: ChannelHandlerContext) {
        var greeting = ByteBuffer()
        greeting.writeDelimited(identity)
        context.writeAndFlush(wrapOutboundOut(greeting), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        unread.writeBuffer(&bytes)
        do {
            guard let body = try unread.readDelimited(max: PublicKey.maxLength) else { return }
            let peer = SecuredPeer(publicKey: try PublicKey(protobuf: body), muxer: nil)
            if let expected, expected != peer.peerID {
                throw NetworkError(.peerMismatch, "Expected \(expected), got \(peer.peerID).")
            }
            promise.succeed(peer)
        } catch {
            return promise.fail(error)
        }
        let rest = unread
        unread = ByteBuffer()
        if rest.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(rest)) }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        promise.fail(NetworkError(.closed, "The channel closed before the keys were exchanged."))
    }
}
