public import LibP2PCore
public import LibP2PIdentity
public import Multiformats
import NIOCore

/// Connects nodes of one process without sockets: on `/memory/N`, or, for simulations, on IP addresses that exist in
/// their network only.
///
/// It brings security and streams of its own: each node is who its transport was made for, and the streams' bytes are
/// handed over as they are.
public struct MemoryTransport: Transport {
    private let network: MemoryNetwork
    private let identity: PublicKey
    private let host: IPAddress?

    /// Makes the transport of one node.
    ///
    /// - Parameters:
    ///   - network: whom it can reach.
    ///   - identity: who the node is.
    ///   - host: where the node pretends to be: then the addresses are `/ip4|ip6/…/tcp/N` instead of `/memory/N`.
    public init(network: MemoryNetwork, identity: PublicKey, host: IPAddress? = nil) {
        self.network = network
        self.identity = identity
        self.host = host
    }

    /// Whether the address is `/memory/N`, or `/ip4|ip6/…/tcp/N` for a node that pretends to have an IP address.
    public func canDial(_ address: Multiaddr) -> Bool {
        host == nil ? address.protocols == [.memory] : address.isTCP
    }

    /// Like ``canDial(_:)``; an IP address must be the node's own, or all zeros.
    public func canListen(on address: Multiaddr) -> Bool {
        guard canDial(address) else { return false }
        guard let host, let ip = address.ipAddress else { return true }
        return ip == host || ip.isUnspecified
    }

    /// Connects to a listener of the network. Takes one round trip.
    public func dial(
        _ address: Multiaddr, expecting peer: PeerID?, upgrader: any ConnectionUpgrader, on executor: LoopExecutor
    ) async throws -> Connection {
        guard canDial(address) else {
            throw NetworkError(.unsupportedAddress, "\(address) is not an address of this memory network.")
        }
        guard let listener = network.listener(on: address) else {
            throw NetworkError(.unreachable, "Nobody listens on \(address).")
        }
        let source = host.map { .ip($0, tcp: network.freePort()) } ?? Multiaddr.memory(network.freeNumber())
        let call = MemoryCall(
            network.makeLink(
                .init(peer: identity, address: source, executor: executor),
                .init(peer: listener.peer, address: address, executor: listener.loops.next())),
            to: listener, expecting: peer, upgrader: upgrader)
        return try await withTaskCancellationHandler {
            try await executor.loop.flatSubmit { call.begin() }.get()
        } onCancel: {
            executor.loop.execute { call.fail(NetworkError(.cancelled, "The dial of \(address) was cancelled.")) }
        }
    }

    /// Listens on an address. `/memory/0` and port 0 take a free number.
    public func listen(
        on address: Multiaddr, upgrader: any ConnectionUpgrader, loops: LoopGroup
    ) async throws -> any Listener {
        guard canListen(on: address) else {
            throw NetworkError(.unsupportedAddress, "This node cannot listen on \(address) in its memory network.")
        }
        let listener = MemoryListener(
            concrete(address), peer: identity, upgrader: upgrader, loops: loops, network: network)
        try network.add(listener)
        return listener
    }

    /// The address with a number instead of 0 and the node's own IP address instead of the unspecified one.
    private func concrete(_ address: Multiaddr) -> Multiaddr {
        if let host {
            let port = address.tcpPort ?? 0
            return .ip(host, tcp: port == 0 ? network.freePort() : port)
        }
        return address == .memory(0) ? .memory(network.freeNumber()) : address
    }
}
