import NIOCore
import Wire

/// How peers of a mesh agree on it, and gossip about messages.
struct ControlMessage: Equatable, Sendable {
    /// These are messages of a topic that I have.
    struct IHave: Equatable, Sendable {
        var topic: String?
        var ids: [MessageID]
    }

    /// I have taken you out of my mesh of a topic.
    struct Prune: Equatable, Sendable {
        var topic: String
        /// Others to try instead.
        var peers: [ExchangedPeer] = []
        /// Seconds to wait until asking again.
        var backoff: UInt64?
    }

    struct ExchangedPeer: Equatable, Sendable {
        var id: [UInt8]
        /// The envelope of its signed peer record.
        var record: [UInt8]?
    }

    var iHave: [IHave] = []
    /// Send me these messages.
    var iWant: [MessageID] = []
    /// Topics: I have taken you into my mesh.
    var graft: [String] = []
    var prune: [Prune] = []
    /// I have these messages by now.
    var iDontWant: [MessageID] = []

    var isEmpty: Bool {
        iHave.isEmpty && iWant.isEmpty && graft.isEmpty && prune.isEmpty && iDontWant.isEmpty
    }
}

extension ControlMessage: ProtobufMessage {
    init(from reader: inout ProtobufReader) throws { try read(from: &reader) }

    /// Adds the fields of a message to what there is, as protobuf asks where a message comes in parts.
    mutating func read(from reader: inout ProtobufReader) throws {
        while let field = try reader.nextField() {
            switch field.number {
            case 1:
                let room = RPC.Limits.ids - iHave.reduce(0) { $0 + $1.ids.count }
                guard room > 0, iHave.count < RPC.Limits.topicChanges else { continue }
                iHave.append(try IHave(field, room: room))
            case 2: try Self.appendIDs(field, number: 1, to: &iWant, max: RPC.Limits.ids)
            case 3 where graft.count < RPC.Limits.topicChanges:
                if let topic = try field.message(Graft.self).topic { graft.append(topic) }
            case 4 where prune.count < RPC.Limits.topicChanges:
                if let entry = try field.message(WirePrune.self).prune { prune.append(entry) }
            case 5: try Self.appendIDs(field, number: 1, to: &iDontWant, max: RPC.Limits.ids)
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        for entry in iHave {
            writer.message(1) { writer in
                if let topic = entry.topic { writer.string(1, topic) }
                for id in entry.ids { writer.bytes(2, id.bytes) }
            }
        }
        Self.write(iWant, field: 2, to: &writer)
        for topic in graft { writer.message(3) { $0.string(1, topic) } }
        for entry in prune { writer.message(4, WirePrune(prune: entry)) }
        Self.write(iDontWant, field: 5, to: &writer)
    }

    private static func write(_ ids: [MessageID], field: Int, to writer: inout ProtobufWriter) {
        guard !ids.isEmpty else { return }
        writer.message(field) { writer in
            for id in ids { writer.bytes(1, id.bytes) }
        }
    }

    /// Reads a list of ids out of a message.
    fileprivate static func appendIDs(
        _ field: ProtobufField, number: Int, to ids: inout [MessageID], max: Int
    ) throws(WireError) {
        var reader = ProtobufReader(try field.bytes())
        while let entry = try reader.nextField() {
            guard entry.number == number, ids.count < max else { continue }
            let bytes = try entry.bytes()
            guard 1...MessageID.maxLength ~= bytes.readableBytes else { continue }
            ids.append(MessageID(bytes: try entry.byteArray()))
        }
    }
}

extension ControlMessage.IHave {
    fileprivate init(_ field: ProtobufField, room: Int) throws(WireError) {
        ids = []
        try ControlMessage.appendIDs(field, number: 2, to: &ids, max: room)
        var reader = ProtobufReader(try field.bytes())
        while let entry = try reader.nextField() {
            if entry.number == 1 { topic = try entry.string() }
        }
    }
}

private struct Graft: ProtobufMessage {
    var topic: String?

    init(from reader: inout ProtobufReader) throws {
        while let field = try reader.nextField() {
            if field.number == 1 { topic = try field.string() }
        }
    }

    func write(to writer: inout ProtobufWriter) {}
}

/// A PRUNE that may lack its topic.
private struct WirePrune: ProtobufMessage {
    var prune: ControlMessage.Prune?

    init(prune: ControlMessage.Prune) { self.prune = prune }

    init(from reader: inout ProtobufReader) throws {
        var topic: String?
        var peers: [ControlMessage.ExchangedPeer] = []
        var backoff: UInt64?
        while let field = try reader.nextField() {
            switch field.number {
            case 1: topic = try field.string()
            case 2 where peers.count < RPC.Limits.exchangedPeers:
                peers.append(try field.message(ControlMessage.ExchangedPeer.self))
            case 3: backoff = try field.varint()
            default: break
            }
        }
        prune = topic.map { ControlMessage.Prune(topic: $0, peers: peers, backoff: backoff) }
    }

    func write(to writer: inout ProtobufWriter) {
        guard let prune else { return }
        writer.string(1, prune.topic)
        for peer in prune.peers { writer.message(2, peer) }
        if let backoff = prune.backoff { writer.varint(3, backoff) }
    }
}

extension ControlMessage.ExchangedPeer: ProtobufMessage {
    init(from reader: inout ProtobufReader) throws {
        id = []
        while let field = try reader.nextField() {
            switch field.number {
            case 1: id = try field.byteArray()
            case 2: record = try field.byteArray()
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        writer.bytes(1, id)
        if let record { writer.bytes(2, record) }
    }
}
