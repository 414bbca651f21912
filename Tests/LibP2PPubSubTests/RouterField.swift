import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore
import Testing
import Wire

@testable import LibP2PPubSub

/// A router with a manual clock, and what it told whom.
struct RouterField {
    var router: GossipRouter
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    /// What was sent since the last look, in its order.
    private(set) var sent: [(peer: PeerID, rpc: RPC)] = []
    private(set) var deliveries: [PubSubMessage] = []
    private(set) var connects: [PeerID] = []
    private var sequence: UInt64 = 0

    static let ownKey = 60_000

    init(seed: UInt64 = 1, _ adjust: (inout GossipConfiguration) -> Void = { _ in }) throws {
        var configuration = GossipConfiguration()
        adjust(&configuration)
        router = GossipRouter(
            configuration, ownID: try key(Self.ownKey).peerID, random: RandomSource(seed: seed),
            signedRecord: { peer in Array(peer.bytes.suffix(4)) })
    }

    static func peer(_ number: Int) throws -> PeerID { try key(number).peerID }

    /// Lets peers come, and be subscribed to a topic.
    mutating func add(
        _ numbers: some Sequence<Int>, _ kind: PubSubProtocol = .meshsub11, outbound: Bool = false,
        address: IPAddress? = nil, to topic: String? = "t"
    ) throws {
        for number in numbers {
            let peer = try Self.peer(number)
            router.add(peer, kind, isOutbound: outbound, address: address, at: now)
            act()
            if let topic { receive(RPC(subscriptions: [.init(topic: topic, isWanted: true)]), from: peer) }
        }
    }

    mutating func join(_ topic: String = "t") {
        router.join(topic, at: now)
        act()
    }

    mutating func receive(
        _ rpc: RPC, from peer: PeerID, validate: (PubSubMessage) -> PubSubVerdict = { _ in .accept }
    ) {
        router.receive(rpc, from: peer, at: now, validate: validate)
        act()
    }

    mutating func receive(_ control: ControlMessage, from peer: PeerID) { receive(RPC(control: control), from: peer) }

    /// Lets seconds pass, with a heartbeat each.
    mutating func pass(_ seconds: Int) {
        for _ in 0..<seconds {
            now = now + .seconds(1)
            router.heartbeat(at: now)
            act()
        }
    }

    /// A new message.
    mutating func message(by author: Int = 50_000, _ data: [UInt8] = [1], topic: String = "t") throws -> WireMessage {
        sequence += 1
        return try WireMessage.sealed(data, topic: topic, sequence: sequence, by: try key(author))
    }

    /// What was sent since the last call.
    mutating func takeSent() -> [(peer: PeerID, rpc: RPC)] {
        defer { sent = [] }
        return sent
    }

    /// Who was sent messages since the last call.
    mutating func takeReceivers() -> Set<PeerID> { Set(takeSent().filter { !$0.rpc.messages.isEmpty }.map(\.peer)) }

    mutating func act() {
        for action in router.takeActions() {
            switch action {
            case .send(var frame, let peers, _):
                guard let rpc = try? frame.readDelimited(RPC.self, max: RPC.Limits.length) else {
                    Issue.record("the router sent what can't be read")
                    continue
                }
                #expect(frame.readableBytes == 0)
                for peer in peers { sent.append((peer, rpc)) }
            case .deliver(let message): deliveries.append(message)
            case .connect(let peer, _): connects.append(peer)
            }
        }
    }

    var mesh: Set<PeerID> { router.topics["t"]?.mesh ?? [] }
}
