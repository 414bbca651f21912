import LibP2PCore
import LibP2PIdentity
import NIOCore
import Wire

@testable import LibP2PPubSub

extension FuzzTarget {
    static let pubsub = [
        FuzzTarget("pubsub", cost: 4, check: rpc),
        FuzzTarget("peer-discovery") { input in
            guard let message = try? PeerDiscoveryMessage(payload: input) else { return false }
            try require(message.addresses.count <= PeerDiscoveryMessage.maxAddresses, "addresses are bounded")
            try requireEqual(
                try PeerDiscoveryMessage(payload: message.payload), message, "an announcement through its bytes")
            return true
        },
    ]

    private static let peers = Result { () throws -> [PeerID] in
        try (1...2).map { try PeerID(bytes: [0x12, 0x20] + [UInt8](repeating: $0, count: 32)) }
    }

    private static func rpc(_ input: [UInt8]) throws -> Bool {
        guard let rpc = try? RPC(protobuf: input) else { return false }
        typealias Limits = RPC.Limits
        try require(rpc.subscriptions.count <= Limits.subscriptions, "subscriptions are bounded")
        try require(rpc.messages.count <= Limits.messages, "messages are bounded")
        let control = rpc.control
        let advertised = control.iHave.reduce(0) { $0 + $1.ids.count }
        try require(max(advertised, control.iWant.count, control.iDontWant.count) <= Limits.ids, "ids are bounded")
        try require(max(control.graft.count, control.prune.count) <= Limits.topicChanges, "changes are bounded")
        // What a message leaves out is written with its default once, and after that the message is what it is.
        let written = rpc.protobufBytes()
        try require(written.count <= 2 * input.count + 16, "\(input.count) bytes became \(written.count)")
        try requireEqual(try RPC(protobuf: written), rpc, "an RPC through its bytes")

        // A router that is in a topic of the seeds takes it in, and says only what can be read.
        let peers = try peers.get()
        let now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        var router = GossipRouter(GossipConfiguration(), ownID: peers[0], random: RandomSource(seed: 1))
        router.join("t", at: now)
        router.join(PeerDiscoveryMessage.topic, at: now)
        router.add(peers[1], .meshsub12, isOutbound: false, address: nil, at: now)
        router.receive(rpc, from: peers[1], at: now)
        router.heartbeat(at: now + .seconds(1))
        for action in router.takeActions() {
            guard case .send(var frame, _, _) = action else { continue }
            try require(
                try frame.readDelimited(RPC.self, max: Limits.length) != nil && frame.readableBytes == 0,
                "what is sent is one RPC")
        }
        return true
    }
}
