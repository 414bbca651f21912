public import Multiformats

extension Multiaddr {
    /// Whether the address is `/ip4|ip6/…/tcp/N` and nothing else.
    package var isTCP: Bool { protocols == [.ip4, .tcp] || protocols == [.ip6, .tcp] }
}
