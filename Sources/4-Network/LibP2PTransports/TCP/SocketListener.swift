import LibP2PCore
import Multiformats
import NIOCore
import NIOPosix

/// A listening TCP socket.
final class SocketListener: Listener {
    let address: Multiaddr
    private let channel: any Channel

    private init(_ channel: any Channel, address: Multiaddr) {
        self.channel = channel
        self.address = address
    }

    /// Binds a socket and accepts connections from then on, each admitted before anything else is done for it.
    ///
    /// - Parameters:
    ///   - address: what to bind to; starts with an IP address and a TCP port, and is told with the real port afterwards.
    ///   - begin: takes an admitted channel on its loop, before it is active. When it throws the channel is closed.
    /// - Throws: ``NetworkError``.
    static func bind(
        _ address: Multiaddr, options: SocketOptions, upgrader: any ConnectionUpgrader, loops: LoopGroup,
        begin: @escaping @Sendable (any Channel, ConnectionEnd) throws -> Void
    ) async throws -> SocketListener {
        let suffix = address.components.dropFirst(2)
        return try await bind(address, options: options, loops: loops) { channel in
            let end = try admit(channel, upgrader: upgrader, loops: loops, suffix: suffix)
            try options.apply(to: channel)
            try begin(channel, end)
        }
    }

    /// Binds a socket and accepts connections from then on.
    ///
    /// - Parameter accept: takes a channel on its loop, before it is active. When it throws the channel is closed.
    /// - Throws: ``NetworkError``.
    static func bind(
        _ address: Multiaddr, options: SocketOptions, loops: LoopGroup,
        accept: @escaping @Sendable (any Channel) throws -> Void
    ) async throws -> SocketListener {
        guard let target = address.socketAddress else {
            throw NetworkError(.unsupportedAddress, "\(address) is not a TCP address.")
        }
        guard let bootstrap = ServerBootstrap(validatingGroup: loops.group) else {
            throw NetworkError(.misuse, "TCP needs the event loops of NIOPosix, not \(loops.group).")
        }
        let bound =
            bootstrap
            .serverChannelOption(.backlog, value: options.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 16)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if target.protocol == .inet6 {
                        // IPv4 has a listener of its own; without this the two would fight over the port.
                        try channel.syncOptions?.setOption(
                            ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: 1)
                    }
                    try channel.pipeline.syncOperations.addHandler(AcceptGuard())
                }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try accept(channel) }
            }
        do {
            let channel = try await bound.bind(to: target).get()
            let real = channel.localAddress.flatMap(Multiaddr.init(tcp:))
            let concrete = try real.map { try Multiaddr($0.components + address.components.dropFirst(2)) } ?? address
            return SocketListener(channel, address: concrete)
        } catch {
            throw NetworkError.listening(on: address, error)
        }
    }

    /// Takes a place for a connection.
    ///
    /// - Parameter suffix: what stands behind the TCP port in the connection's addresses.
    static func admit(
        _ channel: any Channel, upgrader: any ConnectionUpgrader, loops: LoopGroup,
        suffix: ArraySlice<Multiaddr.Component> = []
    ) throws -> ConnectionEnd {
        guard let executor = loops.executor(of: channel.eventLoop),
            let remote = channel.remoteAddress.flatMap(Multiaddr.init(tcp:)),
            let local = channel.localAddress.flatMap(Multiaddr.init(tcp:))
        else {
            throw NetworkError(.closed, "The peer hung up before it was accepted.")
        }
        let end = ConnectionEnd(
            role: .listener, executor: executor, localAddress: try Multiaddr(local.components + suffix),
            remoteAddress: try Multiaddr(remote.components + suffix))
        var admitted = end
        admitted.admission = try upgrader.admit(from: end.remoteAddress)
        return admitted
    }

    func close() async { try? await channel.close().get() }
}
