import LibP2PCore
import LibP2PIdentity
import LibP2PMuxers
import Multiformats
import NIOCore
import NIOEmbedded
import Synchronization

/// A connection whose other end is the test itself, byte by byte.
final class RawPeer {
    let loop = EmbeddedEventLoop()
    let executor: LoopExecutor
    let channel: EmbeddedChannel
    let connection: Connection
    let owner: RawOwner

    /// - Parameter starts: whether the connection begins at once.
    init(
        _ muxer: any MuxerProtocol, role: HandshakeRole = .listener, handlers: [any StreamHandler] = [],
        starts: Bool = true
    ) throws {
        executor = LoopExecutor(loop)
        channel = EmbeddedChannel(loop: loop)
        channel.connect(to: try SocketAddress(unixDomainSocketPath: "/raw"), promise: nil)
        owner = RawOwner(handlers)
        let key = try PrivateKey(ed25519Seed: Array(repeating: 1, count: 32))
        let address = try Multiaddr("/memory/1")
        connection = Connection(
            id: 1, peer: SecuredPeer(publicKey: key.publicKey, muxer: nil),
            end: ConnectionEnd(role: role, executor: executor, localAddress: address, remoteAddress: address),
            muxer: NIOLoopBound(try muxer.install(on: channel, role: role), eventLoop: loop), owner: owner)
        if starts { start() }
    }

    func start() {
        connection.assumeIsolated { $0.start() }
        loop.run()
    }

    /// Sends bytes to the connection.
    func send(_ bytes: [UInt8]) throws {
        _ = try? channel.writeInbound(ByteBuffer(bytes: bytes))
        loop.run()
    }

    /// Sends one yamux frame, with zeros for payload.
    func send(_ kind: YamuxKind, _ flags: YamuxFlags = [], stream: UInt32, length: UInt32 = 0) throws {
        var buffer = ByteBuffer()
        YamuxHeader(kind, flags, stream: stream, length: length).write(to: &buffer)
        if kind == .data { buffer.writeRepeatingByte(0, count: Int(length)) }
        try send(Array(buffer.readableBytesView))
    }

    /// The writes that the connection has made since the last call.
    func writes() throws -> [ByteBuffer] {
        loop.run()
        var buffers: [ByteBuffer] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { buffers.append(buffer) }
        return buffers
    }

    /// The headers in all that the connection has written since the last call.
    func headers() throws -> [YamuxHeader] {
        var parser = YamuxFrameParser()
        var headers: [YamuxHeader] = []
        for buffer in try writes() {
            parser.append(buffer)
            while let part = try parser.next() {
                if case .header(let header) = part { headers.append(header) }
            }
        }
        return headers
    }

    /// Opens a stream from the connection's side.
    func openStream() throws -> Stream {
        let loop = loop
        let bound = try connection.assumeIsolated { NIOLoopBound(try $0.openStream(), eventLoop: loop) }
        return bound.value
    }

    /// Streams that the connection holds open.
    var streamCount: Int { connection.assumeIsolated { $0.streamCount } }

    func finish() { _ = try? channel.finish(acceptAlreadyClosed: true) }
}

/// Owns the connection of a ``RawPeer``.
final class RawOwner: ConnectionOwner, StreamRouter {
    private let route: StreamRoute?
    let protocols: [ProtocolID]
    private let reason = Mutex<NetworkError?>(nil)

    init(_ handlers: [any StreamHandler]) {
        route = handlers.first.map { StreamRoute($0) }
        protocols = handlers.first?.protocols ?? []
    }

    var router: any StreamRouter { self }

    /// Why the connection ended; nil while it lives.
    var closeReason: NetworkError? { reason.withLock { $0 } }

    func route(for protocolID: ProtocolID, on connection: Connection) -> StreamRoute? { route }

    func connectionClosed(_ connection: Connection, _ error: NetworkError) { reason.withLock { $0 = error } }
}
