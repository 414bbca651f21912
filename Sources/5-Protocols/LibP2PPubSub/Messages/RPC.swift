import NIOCore
import Wire

/// What goes over a pubsub stream: subscriptions, messages and the mesh's control, all at once or any of them.
///
/// Spec: libp2p/specs pubsub and pubsub/gossipsub.
struct RPC: Equatable, Sendable {
    struct Subscription: Equatable, Sendable {
        var topic: String
        var isWanted: Bool
    }

    var subscriptions: [Subscription] = []
    var messages: [WireMessage] = []
    var control = ControlMessage()

    /// What one RPC may hold. What goes beyond is left out: one who sends so much gets no more attention for it.
    enum Limits {
        /// Bytes, as in other programs.
        static let length = 1 << 20
        static let subscriptions = 1_000
        static let messages = 5_000
        static let topicChanges = 1_000
        /// Message ids of each kind of control, as go-libp2p's limit of one IHAVE.
        static let ids = 5_000
        /// Peers in one PRUNE.
        static let exchangedPeers = 64
    }

    /// The RPC with its length in front, ready to be sent to any number of peers.
    func frame() -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeDelimited(self)
        return buffer
    }
}

extension RPC: ProtobufMessage {
    init(from reader: inout ProtobufReader) throws {
        while let field = try reader.nextField() {
            switch field.number {
            case 1 where subscriptions.count < Limits.subscriptions:
                if let subscription = try field.message(WireSubscription.self).subscription {
                    subscriptions.append(subscription)
                }
            case 2 where messages.count < Limits.messages: messages.append(try field.message())
            case 3:
                var inner = ProtobufReader(try field.bytes())
                try control.read(from: &inner)
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        for subscription in subscriptions {
            writer.message(1) { writer in
                writer.bool(1, subscription.isWanted)
                writer.string(2, subscription.topic)
            }
        }
        for message in messages { writer.message(2, message) }
        if !control.isEmpty { writer.message(3, control) }
    }
}

/// A subscription that may lack its topic.
private struct WireSubscription: ProtobufMessage {
    var subscription: RPC.Subscription?

    init(from reader: inout ProtobufReader) throws {
        var topic: String?
        var isWanted = false
        while let field = try reader.nextField() {
            switch field.number {
            case 1: isWanted = try field.bool()
            case 2: topic = try field.string()
            default: break
            }
        }
        subscription = topic.map { RPC.Subscription(topic: $0, isWanted: isWanted) }
    }

    func write(to writer: inout ProtobufWriter) {}
}
