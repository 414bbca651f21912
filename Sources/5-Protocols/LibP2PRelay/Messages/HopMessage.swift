import Wire

/// A message between a peer and its relay: circuit relay version 2, protocol `hop`.
///
/// Spec: libp2p/specs relay/circuit-v2.md. `type` has explicit presence: it is written even when it is 0.
struct HopMessage: Equatable, Sendable {
    /// What a message is.
    enum Kind: UInt64, Sendable {
        /// Please keep a place for me.
        case reserve = 0
        /// Please connect me to a peer that has a place.
        case connect = 1
        /// What came of it.
        case status = 2
    }

    /// What the message is; nil when it names none, or none that is known.
    var kind: Kind?
    /// Who is to be reached.
    var peer: RelayedPeer?
    /// What was reserved.
    var reservation: ReservationMessage?
    /// The bounds of circuits.
    var limit: CircuitLimit?
    /// What came of a request.
    var status: RelayStatus?

    /// A request for a place.
    static let reserve = HopMessage(kind: .reserve)

    /// A request for a circuit.
    static func connect(to peer: RelayedPeer) -> HopMessage { HopMessage(kind: .connect, peer: peer) }

    /// The answer to a request.
    static func status(
        _ status: RelayStatus, reservation: ReservationMessage? = nil, limit: CircuitLimit? = nil
    ) -> HopMessage {
        HopMessage(kind: .status, reservation: reservation, limit: limit, status: status)
    }
}

extension HopMessage: ProtobufMessage {
    init(from reader: inout ProtobufReader) throws {
        self.init()
        while let field = try reader.nextField() {
            switch field.number {
            case 1: kind = Kind(rawValue: try field.varint())
            case 2: peer = try field.message()
            case 3: reservation = try field.message()
            case 4: limit = try field.message()
            case 5: status = RelayStatus(rawValue: try field.varint())
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        if let kind { writer.varint(1, kind.rawValue) }
        if let peer { writer.message(2, peer) }
        if let reservation { writer.message(3, reservation) }
        if let limit { writer.message(4, limit) }
        if let status { writer.varint(5, status.rawValue) }
    }
}
