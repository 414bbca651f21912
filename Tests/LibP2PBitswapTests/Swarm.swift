import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Logging
import Multiformats
import NIOCore
import Synchronization
import Testing

@testable import LibP2PBitswap

/// A simulated network of real hosts, each with bitswap. Who a peer is comes from `Introductions` instead of identify,
/// which is not of this floor.
final class Swarm: Sendable {
    /// One machine of the network.
    struct Node: Sendable {
        let host: Host
        let bitswap: Bitswap
        let store: MemoryBlockStore
        let address: Multiaddr

        var id: PeerID { host.localPeer }
    }

    let simulation: Simulation
    let introductions = Introductions()

    init(_ simulation: Simulation) { self.simulation = simulation }

    /// Makes and starts a node.
    func makeNode(
        _ number: Int, holding blocks: [Block] = [], _ adjust: (inout BitswapConfiguration) -> Void = { _ in }
    ) throws -> Node {
        let (host, address) = try makeHost(number)
        var configuration = BitswapConfiguration()
        adjust(&configuration)
        let store = MemoryBlockStore()
        let bitswap = Bitswap(
            configuration, network: host, store: store,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try simulation.perform {
            for block in blocks { try await store.keep(block) }
            await bitswap.start()
        }
        introductions.add(host)
        return Node(host: host, bitswap: bitswap, store: store, address: address)
    }

    func makeHost(_ number: Int) throws -> (Host, Multiaddr) {
        let identity = try simulation.makeIdentity()
        let ip = try #require(IPAddress("60.\(number / 250).\(number % 250).7"))
        let host = Host(
            identity: identity, loops: simulation.loops,
            transports: [simulation.network.transport(for: identity.publicKey, host: ip)],
            clock: simulation.clock, random: simulation.random)
        let address = Multiaddr.ip(ip, tcp: 4001)
        _ = try simulation.perform { try await host.listen(on: address) }
        return (host, address)
    }

    func connect(_ dialer: Host, _ listener: Host, _ address: Multiaddr) throws {
        _ = try simulation.perform { try await dialer.connect(to: listener.localPeer, at: [address]) }
    }

    func connect(_ dialer: Node, _ listener: Node) throws { try connect(dialer.host, listener.host, listener.address) }

    /// Lets time pass.
    func pass(_ duration: Duration) { simulation.loop.advance(by: duration) }
}

/// A program of another make: it speaks one version by hand, a stream for each message as js-ipfs does, notes what it
/// reads, and answers by a function.
final class PlainPeer: Sendable {
    let host: Host
    let version: BitswapVersion
    private let inbox = Mutex<[BitswapMessage]>([])
    private let answer: @Sendable (BitswapMessage) -> BitswapMessage?

    init(
        _ host: Host, _ version: BitswapVersion, inline: Bool = false,
        answer: @escaping @Sendable (BitswapMessage) -> BitswapMessage? = { _ in nil }
    ) {
        self.host = host
        self.version = version
        self.answer = answer
        host.serve(
            TestNode.Handler(version.id, limits: StreamLimits(idle: nil)) { stream in
                while let message = try await stream.message(BitswapMessage.self, max: BitswapMessage.maxLength) {
                    self.inbox.withLock { $0.append(message) }
                    guard let reply = self.answer(message) else { continue }
                    if inline {
                        try await stream.write(message: reply)
                    } else {
                        try await self.send(reply, to: stream.remotePeer)
                    }
                }
            })
    }

    var received: [BitswapMessage] { inbox.withLock { $0 } }
    var wants: [Want] { received.flatMap(\.wants) }

    func send(_ message: BitswapMessage, to peer: PeerID) async throws {
        try await host.withStream(to: peer, [version.id]) { stream in
            try await stream.write(message: message)
            try await stream.finishNegotiation()
        }
    }
}
