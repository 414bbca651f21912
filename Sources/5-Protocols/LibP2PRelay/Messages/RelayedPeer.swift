import LibP2PIdentity
import Multiformats
import Wire

/// A peer as relay messages name it: id and addresses, as they came. Both versions of the protocol have the same form.
struct RelayedPeer: Equatable, Sendable {
    /// The peer id's bytes, not checked; nil when the message lacks them.
    var id: [UInt8]?
    /// Addresses in binary form, not checked. Programs of 2020 want them back unchanged.
    var addresses: [[UInt8]]

    /// How many addresses are read; a message of 4 KiB has room for fewer real ones.
    static let maxAddresses = 256

    /// Names a peer.
    init(id: [UInt8]?, addresses: [[UInt8]] = []) {
        self.id = id
        self.addresses = addresses
    }

    /// Names a peer.
    init(_ peer: PeerID, addresses: [Multiaddr] = []) {
        self.init(id: peer.bytes, addresses: addresses.map(\.bytes))
    }

    /// The peer's id; nil unless it is a valid one.
    var peerID: PeerID? { id.flatMap { try? PeerID(bytes: $0) } }

    /// Whether an address is longer than any relay accepts.
    var hasOverlongAddress: Bool { addresses.contains { $0.count > Multiaddr.maxLength } }
}

extension RelayedPeer: ProtobufMessage {
    init(from reader: inout ProtobufReader) throws {
        self.init(id: nil)
        while let field = try reader.nextField() {
            switch field.number {
            case 1: id = try field.byteArray()
            case 2:
                guard addresses.count < Self.maxAddresses else {
                    throw WireError(.tooManyElements, "a relayed peer has more than \(Self.maxAddresses) addresses")
                }
                addresses.append(try field.byteArray())
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        if let id { writer.bytes(1, id) }
        for address in addresses { writer.bytes(2, address) }
    }
}
