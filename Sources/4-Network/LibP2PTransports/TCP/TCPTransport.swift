public import LibP2PCore
public import LibP2PIdentity
public import Multiformats
import NIOCore

/// TCP on `/ip4/…/tcp/N` and `/ip6/…/tcp/N`: a byte channel that the upgrader secures and multiplexes.
///
/// Names are resolved before; `/tcp/0` takes a free port, and `/ip6/::` takes IPv6 only. Loops must be NIOPosix's.
public struct TCPTransport: Transport {
    private let options: SocketOptions
    private let sharing: PortSharing?

    /// Makes the transport.
    ///
    /// - Parameter sharing: who shares the ports of listeners; nil to have them for libp2p alone.
    public init(options: SocketOptions = SocketOptions(), sharing: PortSharing? = nil) {
        self.options = options
        self.sharing = sharing
    }

    /// Whether the address is an IP address and a TCP port and nothing else.
    public func canDial(_ address: Multiaddr) -> Bool { address.isTCP && address.tcpPort != 0 }

    /// Whether the address is an IP address and a TCP port and nothing else.
    public func canListen(on address: Multiaddr) -> Bool { address.isTCP }

    /// Connects and upgrades. See `Transport`.
    public func dial(
        _ address: Multiaddr, expecting peer: PeerID?, upgrader: any ConnectionUpgrader, on executor: LoopExecutor
    ) async throws -> Connection {
        guard canDial(address) else {
            throw NetworkError(.unsupportedAddress, "TCP cannot dial \(address); it takes /ip4 or /ip6, then /tcp.")
        }
        return try await SocketDial.run(address, expecting: peer, options: options, on: executor) {
            channel, end, promise in
            try ActivationHandler.install(on: channel) { channel in
                var end = end
                end.localAddress = channel.localAddress.flatMap(Multiaddr.init(tcp:)) ?? end.localAddress
                promise.completeWith(upgrader.upgrade(channel, end))
            }
        }
    }

    /// Listens. See `Transport`.
    public func listen(
        on address: Multiaddr, upgrader: any ConnectionUpgrader, loops: LoopGroup
    ) async throws -> any Listener {
        guard canListen(on: address) else {
            throw NetworkError(
                .unsupportedAddress, "TCP cannot listen on \(address); it takes /ip4 or /ip6, then /tcp.")
        }
        // The upgrader itself closes what fails.
        let upgrade: @Sendable (any Channel, ConnectionEnd) -> Void = { channel, end in
            upgrader.upgrade(channel, end).whenComplete { _ in }
        }
        guard let sharing else {
            return try await SocketListener.bind(address, options: options, upgrader: upgrader, loops: loops) {
                channel, end in
                try ActivationHandler.install(on: channel) { upgrade($0, end) }
            }
        }
        let options = options
        let socket = try await SocketListener.bind(address, options: options, loops: loops) { channel in
            try sharing.install(on: channel) { channel in
                upgrade(channel, try SocketListener.admit(channel, upgrader: upgrader, loops: loops))
            }
            try options.apply(to: channel)
        }
        return SharedListener(socket: socket, silent: sharing.silent)
    }
}

/// A listener whose port is shared; connections that have said nothing yet end with it.
private struct SharedListener: Listener {
    let socket: SocketListener
    let silent: SilentConnections

    var address: Multiaddr { socket.address }

    func close() async {
        await socket.close()
        silent.closeAll()
    }
}
