import Wire

/// The bounds of a circuit, as relay and peers tell each other. Absent and 0 both mean: none.
struct CircuitLimit: Equatable, Sendable {
    /// How long a circuit may live, in seconds.
    var seconds: UInt32?
    /// How many bytes may go in each direction.
    var bytes: UInt64?

    /// Names bounds.
    init(seconds: UInt32? = nil, bytes: UInt64? = nil) {
        self.seconds = seconds
        self.bytes = bytes
    }

    /// Whether there is a bound at all; if not, the connection counts as any other.
    var isLimiting: Bool { seconds ?? 0 > 0 || bytes ?? 0 > 0 }
}

extension CircuitLimit: ProtobufMessage {
    init(from reader: inout ProtobufReader) throws {
        self.init()
        while let field = try reader.nextField() {
            switch field.number {
            case 1: seconds = UInt32(clamping: try field.varint())
            case 2: bytes = try field.varint()
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        if let seconds { writer.varint(1, UInt64(seconds)) }
        if let bytes { writer.varint(2, bytes) }
    }
}
