public import LibP2PCore
public import LibP2PIdentity
public import Multiformats
public import NIOCore

/// WebSocket on `/ip4|ip6/…/tcp/N/ws` (libp2p/specs websockets): a byte channel in binary frames, which the upgrader
/// secures and multiplexes as it does any other.
///
/// Names are resolved before; the `Host` header names the IP address, which libp2p's servers take. It listens on a port
/// of its own; a HTTP server that upgrades requests by itself hands the channels to ``adopt(_:upgrader:loops:)``.
public struct WebSocketTransport: Transport {
    /// The largest frame accepted, in bytes. Peers send one frame for each message of their cipher, 64 KiB at most, but
    /// may join several.
    public static let maxFrameSize = 1024 * 1024

    private let options: SocketOptions
    private let upgradeTimeout: Duration

    /// Makes the transport.
    ///
    /// - Parameter upgradeTimeout: how long the HTTP upgrade may take, in both roles.
    public init(options: SocketOptions = SocketOptions(), upgradeTimeout: Duration = .seconds(10)) {
        self.options = options
        self.upgradeTimeout = upgradeTimeout
    }

    /// Whether the address is an IP address, a TCP port, and `/ws`.
    public func canDial(_ address: Multiaddr) -> Bool { canListen(on: address) && address.tcpPort != 0 }

    /// Whether the address is an IP address, a TCP port, and `/ws`.
    public func canListen(on address: Multiaddr) -> Bool {
        address.protocols == [.ip4, .tcp, .ws] || address.protocols == [.ip6, .tcp, .ws]
    }

    /// Connects and upgrades. See `Transport`.
    public func dial(
        _ address: Multiaddr, expecting peer: PeerID?, upgrader: any ConnectionUpgrader, on executor: LoopExecutor
    ) async throws -> Connection {
        guard canDial(address), let ip = address.ipAddress, let port = address.tcpPort else {
            throw NetworkError(
                .unsupportedAddress, "WebSocket cannot dial \(address); it takes /ip4 or /ip6, then /tcp, then /ws.")
        }
        let host = ip.bitWidth == 32 ? "\(ip):\(port)" : "[\(ip)]:\(port)"
        let timeout = upgradeTimeout
        return try await SocketDial.run(address, expecting: peer, options: options, on: executor) {
            channel, end, promise in
            try WebSocketClientPipeline.install(
                on: channel, host: host, time: timeout,
                takeOver: { channel in
                    var end = end
                    end.localAddress = Self.address(of: channel.localAddress) ?? end.localAddress
                    promise.completeWith(Self.upgrade(channel, end, upgrader))
                },
                fail: { promise.fail($0) })
        }
    }

    /// Listens. See `Transport`.
    public func listen(
        on address: Multiaddr, upgrader: any ConnectionUpgrader, loops: LoopGroup
    ) async throws -> any Listener {
        guard canListen(on: address) else {
            throw NetworkError(
                .unsupportedAddress,
                "WebSocket cannot listen on \(address); it takes /ip4 or /ip6, then /tcp, then /ws.")
        }
        let timeout = upgradeTimeout
        return try await SocketListener.bind(address, options: options, upgrader: upgrader, loops: loops) {
            channel, end in
            try WebSocketServerPipeline.install(on: channel, time: timeout) { channel in
                // The upgrader itself closes what fails.
                Self.upgrade(channel, end, upgrader).whenComplete { _ in }
            }
        }
    }

    /// Makes a connection of a channel that a HTTP server has upgraded. Called on the channel's loop.
    ///
    /// The pipeline passes `WebSocketFrame`s at its end, by NIO's encoder and decoder, and holds no HTTP handlers any
    /// more. When the upgrader does not admit the connection it is closed.
    ///
    /// - Parameters:
    ///   - isSecure: whether the server speaks TLS below HTTP; the connection's addresses say so.
    ///   - loops: the channel's loop is one of them.
    @discardableResult
    public static func adopt(
        _ channel: any Channel, isSecure: Bool = false, upgrader: any ConnectionUpgrader, loops: LoopGroup
    ) -> EventLoopFuture<Connection> {
        do {
            guard let executor = loops.executor(of: channel.eventLoop),
                let remote = address(of: channel.remoteAddress, isSecure: isSecure),
                let local = address(of: channel.localAddress, isSecure: isSecure)
            else {
                throw NetworkError(.misuse, "The channel is not a TCP connection on one of the node's loops.")
            }
            let admission = try upgrader.admit(from: remote)
            try SocketOptions().apply(to: channel)
            // HTTP clients may end their direction and wait for the answer; muxers have no use for half a connection.
            try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: false)
            return upgrade(
                channel,
                ConnectionEnd(
                    role: .listener, executor: executor, localAddress: local, remoteAddress: remote,
                    admission: admission),
                upgrader)
        } catch {
            channel.close(promise: nil)
            return channel.eventLoop.makeFailedFuture(error)
        }
    }

    private static func upgrade(
        _ channel: any Channel, _ end: ConnectionEnd, _ upgrader: any ConnectionUpgrader
    ) -> EventLoopFuture<Connection> {
        do {
            try channel.pipeline.syncOperations.addHandler(WebSocketByteHandler(role: end.role))
        } catch {
            end.admission?.release()
            channel.close(promise: nil)
            return channel.eventLoop.makeFailedFuture(error)
        }
        return upgrader.upgrade(channel, end)
    }

    /// `/ip4|ip6/…/tcp/N/ws` of a socket, or `…/tls/ws`.
    private static func address(of socket: SocketAddress?, isSecure: Bool = false) -> Multiaddr? {
        guard let base = socket.flatMap(Multiaddr.init(tcp:)) else { return nil }
        return try? base.encapsulating(Multiaddr(isSecure ? "/tls/ws" : "/ws"))
    }
}
