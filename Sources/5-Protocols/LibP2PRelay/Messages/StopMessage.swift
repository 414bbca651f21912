import Wire

/// A message between a relay and the peer that another one wants to reach: circuit relay version 2, protocol `stop`.
///
/// Spec: libp2p/specs relay/circuit-v2.md. `type` has explicit presence: it is written even when it is 0.
struct StopMessage: Equatable, Sendable {
    /// What a message is.
    enum Kind: UInt64, Sendable {
        /// A peer wants to connect.
        case connect = 0
        /// Whether it may.
        case status = 1
    }

    /// What the message is; nil when it names none, or none that is known.
    var kind: Kind?
    /// Who wants to connect.
    var peer: RelayedPeer?
    /// The bounds of the circuit.
    var limit: CircuitLimit?
    /// What came of it.
    var status: RelayStatus?

    /// Announces a peer.
    static func connect(from peer: RelayedPeer, limit: CircuitLimit?) -> StopMessage {
        StopMessage(kind: .connect, peer: peer, limit: limit)
    }

    /// The answer.
    static func status(_ status: RelayStatus) -> StopMessage { StopMessage(kind: .status, status: status) }
}

extension StopMessage: ProtobufMessage {
    init(from reader: inout ProtobufReader) throws {
        self.init()
        while let field = try reader.nextField() {
            switch field.number {
            case 1: kind = Kind(rawValue: try field.varint())
            case 2: peer = try field.message()
            case 3: limit = try field.message()
            case 4: status = RelayStatus(rawValue: try field.varint())
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        if let kind { writer.varint(1, kind.rawValue) }
        if let peer { writer.message(2, peer) }
        if let limit { writer.message(3, limit) }
        if let status { writer.varint(4, status.rawValue) }
    }
}
