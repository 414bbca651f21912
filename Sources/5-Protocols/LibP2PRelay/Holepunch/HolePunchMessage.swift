import Multiformats
import Wire

/// What the two ends of a relayed connection tell each other to find a direct one.
///
/// Spec: libp2p/specs relay/DCUtR.md.
struct HolePunchMessage: Equatable, Sendable {
    /// What a message is.
    enum Kind: UInt64, Sendable {
        /// These are my addresses; what are yours?
        case connect = 100
        /// Now.
        case sync = 300
    }

    /// What the message is; nil when it names none, or none that is known.
    var kind: Kind?
    /// The sender's addresses as others see them, in binary form; not checked.
    var observedAddresses: [[UInt8]]

    /// The longest message that is read or written, in bytes, as the spec says.
    static let maxLength = 4096
    /// How many addresses are read; a message of 4 KiB has room for fewer real ones.
    static let maxAddresses = 256

    /// Makes a message.
    init(_ kind: Kind?, observedAddresses: [[UInt8]] = []) {
        self.kind = kind
        self.observedAddresses = observedAddresses
    }
}

extension HolePunchMessage: ProtobufMessage {
    init(from reader: inout ProtobufReader) throws {
        self.init(nil)
        while let field = try reader.nextField() {
            switch field.number {
            case 1: kind = Kind(rawValue: try field.varint())
            case 2:
                guard observedAddresses.count < Self.maxAddresses else {
                    throw WireError(
                        .tooManyElements, "a hole punching message has more than \(Self.maxAddresses) addresses")
                }
                observedAddresses.append(try field.byteArray())
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        if let kind { writer.varint(1, kind.rawValue) }
        for address in observedAddresses { writer.bytes(2, address) }
    }
}
