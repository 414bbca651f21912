import Wire

/// A message of circuit relay version 1, in which one protocol serves both of the relay's sides.
///
/// Spec: libp2p/specs relay/circuit-v1.md.
struct CircuitMessage: Equatable, Sendable {
    /// What a message is.
    enum Kind: UInt64, Sendable {
        /// To the relay: please connect me.
        case hop = 1
        /// From the relay: a peer wants to connect.
        case stop = 2
        /// What came of either.
        case status = 3
        /// To the relay: do you relay at all?
        case canHop = 4
    }

    /// What the message is; nil when it names none, or none that is known.
    var kind: Kind?
    /// Who wants to connect.
    var source: RelayedPeer?
    /// Who is to be reached.
    var destination: RelayedPeer?
    /// What came of a request.
    var status: CircuitStatus?

    /// The question whether a node relays.
    static let canHop = CircuitMessage(kind: .canHop)

    /// A request for a circuit.
    static func hop(from source: RelayedPeer, to destination: RelayedPeer) -> CircuitMessage {
        CircuitMessage(kind: .hop, source: source, destination: destination)
    }

    /// The answer to a request.
    static func status(_ status: CircuitStatus) -> CircuitMessage { CircuitMessage(kind: .status, status: status) }
}

extension CircuitMessage: ProtobufMessage {
    init(from reader: inout ProtobufReader) throws {
        self.init()
        while let field = try reader.nextField() {
            switch field.number {
            case 1: kind = Kind(rawValue: try field.varint())
            case 2: source = try field.message()
            case 3: destination = try field.message()
            case 4: status = CircuitStatus(rawValue: try field.varint())
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        if let kind { writer.varint(1, kind.rawValue) }
        if let source { writer.message(2, source) }
        if let destination { writer.message(3, destination) }
        if let status { writer.varint(4, status.rawValue) }
    }
}
