import Multiformats
import NIOCore

extension Multiaddr {
    /// Whether the address is `/ip4|ip6/…/tcp/N` and nothing else.
    var isTCP: Bool { protocols == [.ip4, .tcp] || protocols == [.ip6, .tcp] }

    /// The TCP address of a socket; nil for sockets of another kind. A zone is left out, for it means nothing elsewhere,
    /// and IPv4 that came through an IPv6 socket is written as IPv4.
    init?(tcp address: SocketAddress) {
        guard let port = address.port.flatMap(UInt16.init(exactly:)), let text = address.ipAddress,
            let ip = IPAddress(text.prefix { $0 != "%" })
        else { return nil }
        self = .ip(ip.unmapped, tcp: port)
    }

    /// The socket address of an address that starts with an IP address and a TCP port; nil for others.
    var socketAddress: SocketAddress? {
        guard let ip = ipAddress, let port = tcpPort else { return nil }
        return try? SocketAddress(packedIPAddress: ByteBuffer(bytes: ip.bytes), port: Int(port))
    }
}
