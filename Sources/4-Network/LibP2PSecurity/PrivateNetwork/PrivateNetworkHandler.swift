public import NIOCore

/// Hides everything a connection carries from those who lack the network's key. It stands below all other handlers.
///
/// Each side sends 24 random bytes and then its keystream (libp2p/specs pnet/Private-Networks-PSK-V1.md). There is no
/// handshake and no check: with a wrong key the other side's bytes become noise, and the protocol above drops them.
/// This side's nonce leaves with its first write and never waits for the other's, as both may wait otherwise.
///
/// Bytes are combined into a fresh buffer rather than in place: the buffers that travel along a pipeline are shared (with
/// the socket's pool of receive buffers, for one), so that a change in place would first copy them anyhow.
public final class PrivateNetworkHandler: ChannelDuplexHandler {
    /// Raw bytes of the transport.
    public typealias InboundIn = ByteBuffer
    /// The bytes the other side meant.
    public typealias InboundOut = ByteBuffer
    /// Bytes to hide.
    public typealias OutboundIn = ByteBuffer
    /// Raw bytes for the transport.
    public typealias OutboundOut = ByteBuffer

    private let key: PreSharedKey
    private let nonce: [UInt8]
    private var outbound: XSalsa20?
    private var inbound: XSalsa20?
    /// The start of the other side's nonce, while it is incomplete.
    private var remoteNonce: [UInt8] = []

    /// Takes a fresh nonce from the system's random source.
    public convenience init(key: PreSharedKey) {
        self.init(key: key, nonce: (0..<XSalsa20.nonceLength).map { _ in UInt8.random(in: .min ... .max) })
    }

    /// - Parameter nonce: `XSalsa20.nonceLength` bytes; chosen only by tests.
    init(key: PreSharedKey, nonce: [UInt8]) {
        self.key = key
        self.nonce = nonce
    }

    /// Takes the other side's nonce first, then reveals its bytes.
    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        if inbound == nil {
            let missing = min(XSalsa20.nonceLength - remoteNonce.count, buffer.readableBytes)
            remoteNonce += buffer.readBytes(length: missing) ?? []
            guard remoteNonce.count == XSalsa20.nonceLength else { return }
            inbound = XSalsa20(key: key, nonce: remoteNonce)
            remoteNonce = []
        }
        guard buffer.readableBytes > 0 else { return }
        var output = context.channel.allocator.buffer(capacity: buffer.readableBytes)
        inbound?.apply(buffer, into: &output)
        context.fireChannelRead(wrapInboundOut(output))
    }

    /// Hides the bytes, behind the nonce if they are the first.
    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let buffer = unwrapOutboundIn(data)
        let isFirst = outbound == nil
        var output = context.channel.allocator.buffer(
            capacity: buffer.readableBytes + (isFirst ? XSalsa20.nonceLength : 0))
        if isFirst { output.writeBytes(nonce) }
        var cipher = outbound ?? XSalsa20(key: key, nonce: nonce)
        cipher.apply(buffer, into: &output)
        outbound = cipher
        context.write(wrapOutboundOut(output), promise: promise)
    }
}

extension XSalsa20 {
    /// Combines all readable bytes of `input` with the keystream and appends them to `output`.
    fileprivate mutating func apply(_ input: ByteBuffer, into output: inout ByteBuffer) {
        output.writeWithUnsafeMutableBytes(minimumWritableBytes: input.readableBytes) { space in
            input.withUnsafeReadableBytes { bytes in
                apply(bytes, into: UnsafeMutableRawBufferPointer(rebasing: space.prefix(bytes.count)))
                return bytes.count
            }
        }
    }
}
