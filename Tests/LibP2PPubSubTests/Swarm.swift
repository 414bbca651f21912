import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Logging
import Multiformats
import NIOCore
import Synchronization
import Testing
import Wire

@testable import LibP2PPubSub

/// A simulated network of real hosts, each with pubsub. Who a peer is comes from `Introductions` instead of identify,
/// which is not of this floor.
final class Swarm: Sendable {
    /// One machine of the network.
    final class Node: Sendable {
        let host: Host
        let pubsub: PubSub
        let address: Multiaddr
        private let inbox = Mutex<[PubSubMessage]>([])

        init(host: Host, pubsub: PubSub, address: Multiaddr) {
            self.host = host
            self.pubsub = pubsub
            self.address = address
        }

        var id: PeerID { host.localPeer }
        /// What it was delivered.
        var received: [PubSubMessage] { inbox.withLock { $0 } }
        func note(_ message: PubSubMessage) { inbox.withLock { $0.append(message) } }
    }

    let simulation: Simulation
    private let introductions = Introductions()

    init(_ simulation: Simulation) { self.simulation = simulation }

    /// Makes and starts a node, and lets it listen to a topic.
    func makeNode(
        _ number: Int, listeningTo topic: String? = "t", _ adjust: (inout GossipConfiguration) -> Void = { _ in }
    )
        throws -> Node
    {
        let (host, address) = try makeHost(number)
        var configuration = GossipConfiguration()
        adjust(&configuration)
        let pubsub = PubSub(
            configuration, network: host, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try simulation.perform { await pubsub.start() }
        introductions.add(host)
        let node = Node(host: host, pubsub: pubsub, address: address)
        if let topic { try listen(node, to: topic) }
        return node
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

    func listen(_ node: Node, to topic: String) throws {
        let messages = try simulation.perform { try await node.pubsub.subscribe(to: topic) }
        _ = simulation.begin {
            for await message in messages { node.note(message) }
        }
    }

    func connect(_ dialer: Node, _ listener: Node) throws {
        _ = try simulation.perform { try await dialer.host.connect(to: listener.id, at: [listener.address]) }
    }

    func publish(_ text: String, by node: Node, to topic: String = "t") throws {
        _ = try simulation.perform { try await node.pubsub.publish(Array(text.utf8), to: topic) }
    }

    func stop(_ nodes: [Node]) throws {
        try simulation.perform { for node in nodes { await node.pubsub.stop() } }
    }

    /// Lets time pass.
    func pass(_ duration: Duration) { simulation.loop.advance(by: duration) }
}

/// A program of another make: it speaks one protocol by hand, and tells what it reads.
final class PlainClient: Sendable {
    let host: Host
    let kind: PubSubProtocol
    private let inbox = Mutex<[RPC]>([])
    private let outbox = Mutex<[ByteBuffer]>([])
    /// Whether it reads what it is sent.
    private let reads: Bool

    init(_ host: Host, _ kind: PubSubProtocol, reads: Bool = true) {
        self.host = host
        self.kind = kind
        self.reads = reads
        host.serve(
            TestNode.Handler(kind.id, limits: StreamLimits(idle: nil)) { stream in
                while self.reads {
                    guard let rpc = try await stream.message(RPC.self, max: 1 << 20) else { return }
                    self.inbox.withLock { $0.append(rpc) }
                }
                try await stream.connection.executor.sleep(for: .seconds(3_600))
            })
    }

    var received: [RPC] { inbox.withLock { $0 } }
    var messages: [WireMessage] { received.flatMap(\.messages) }

    /// Connects to a node, and sends what ``send(_:)`` is given, a look each tenth of a second.
    func join(_ node: Swarm.Node, _ simulation: Simulation) throws {
        let connection = try simulation.perform {
            try await self.host.connect(to: node.id, at: [node.address])
        }
        _ = simulation.begin {
            try await connection.withStream([self.kind.id]) { stream in
                while true {
                    let frames = self.outbox.withLock { frames in
                        defer { frames = [] }
                        return frames
                    }
                    for frame in frames { try await stream.write(frame) }
                    try await connection.executor.sleep(for: .milliseconds(100))
                }
            }
        }
    }

    func send(_ rpc: RPC) { outbox.withLock { $0.append(rpc.frame()) } }

    func subscribe(to topic: String) { send(RPC(subscriptions: [.init(topic: topic, isWanted: true)])) }

    func publish(_ data: [UInt8], to topic: String, sequence: UInt64) throws {
        send(RPC(messages: [try WireMessage.sealed(data, topic: topic, sequence: sequence, by: host.identity)]))
    }
}
