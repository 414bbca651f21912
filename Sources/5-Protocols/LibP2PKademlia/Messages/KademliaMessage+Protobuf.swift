import LibP2PIdentity
import Multiformats
import NIOCore
public import Wire

extension KademliaMessage: ProtobufMessage {
    /// Reads a message; unknown fields, unreadable peers and whatever exceeds a count of ``Limits`` are skipped.
    ///
    /// - Throws: `WireError` for broken protobuf, ``KademliaError`` for an unknown kind or oversize fields.
    public init(from reader: inout ProtobufReader) throws {
        self.init(.putValue)
        while let field = try reader.nextField() {
            switch field.number {
            case 1:
                let number = try field.varint()
                guard let value = Int32(exactly: number), let kind = Kind(rawValue: value) else {
                    throw KademliaError(.invalidMessage, "the message kind \(number) is unknown")
                }
                self.kind = kind
            case 2:
                key = try field.bounded(Limits.keyLength, "key")
            case 3:
                record = try field.message(Record.self)
            case 8:
                if let peer = try Self.peer(in: field, listed: closerPeers.count, limit: Limits.closerPeers) {
                    closerPeers.append(peer)
                }
            case 9:
                if let peer = try Self.peer(in: field, listed: providerPeers.count, limit: Limits.providerPeers) {
                    providerPeers.append(peer)
                }
            case 10:
                clusterLevel = try field.int32()
            default:
                break
            }
        }
    }

    /// Writes the message; what is empty or zero is left out, as proto3 does.
    public func write(to writer: inout ProtobufWriter) {
        if kind != .putValue { writer.varint(1, UInt64(kind.rawValue)) }
        if !key.isEmpty { writer.bytes(2, key) }
        if let record { writer.message(3, record) }
        for peer in closerPeers { writer.message(8, peer) }
        for peer in providerPeers { writer.message(9, peer) }
        if clusterLevel != 0 { writer.int32(10, clusterLevel) }
    }

    /// Appends one `closerPeers` field, for answers that are put together from ready parts.
    static func writeCloserPeer(_ peer: Peer, into buffer: inout ByteBuffer) {
        append(to: &buffer) { $0.message(8, peer) }
    }

    /// Appends one `providerPeers` field.
    static func writeProviderPeer(_ peer: Peer, into buffer: inout ByteBuffer) {
        append(to: &buffer) { $0.message(9, peer) }
    }

    /// Appends the fields an answer of this kind begins with.
    static func writeHead(_ kind: Kind, clusterLevel: Int32, into buffer: inout ByteBuffer) {
        append(to: &buffer) { KademliaMessage(kind, clusterLevel: clusterLevel).write(to: &$0) }
    }

    private static func append(to buffer: inout ByteBuffer, _ write: (inout ProtobufWriter) -> Void) {
        var writer = ProtobufWriter(into: buffer)
        // Given up here, so that the writer holds the only reference and need not copy.
        buffer = ByteBuffer()
        write(&writer)
        buffer = writer.finish()
    }

    private static func peer(in field: ProtobufField, listed: Int, limit: Int) throws -> Peer? {
        let bytes = try field.bytes()
        guard listed < limit else { return nil }
        return try Peer(readingFrom: bytes)
    }
}

extension KademliaMessage.Peer: ProtobufMessage {
    /// Reads a peer.
    ///
    /// - Throws: ``KademliaError`` where the id is missing or wrong; use the lenient reading of messages to skip these.
    public init(from reader: inout ProtobufReader) throws {
        guard let peer = try Self(lenientlyFrom: &reader) else {
            throw KademliaError(.invalidMessage, "a peer entry has no valid peer id")
        }
        self = peer
    }

    init?(readingFrom bytes: ByteBuffer) throws {
        var reader = ProtobufReader(bytes)
        try self.init(lenientlyFrom: &reader)
    }

    /// Reads a peer; nil where the id is unusable. Addresses this version does not know are left out, so that a new
    /// transport somewhere in the network costs nobody a whole answer.
    private init?(lenientlyFrom reader: inout ProtobufReader) throws {
        var id: PeerID?
        var addresses: [Multiaddr] = []
        var connection = Connection.notConnected
        while let field = try reader.nextField() {
            switch field.number {
            case 1:
                id = try? PeerID(bytes: field.bounded(128, "peer id"))
            case 2:
                let bytes = try field.bytes()
                guard addresses.count < KademliaMessage.Limits.addressesPerPeer,
                    bytes.readableBytes <= KademliaMessage.Limits.addressLength,
                    let address = try? Multiaddr(bytes: Array(bytes.readableBytesView))
                else { continue }
                addresses.append(address)
            case 3:
                connection = Connection(rawValue: try field.varint()) ?? .notConnected
            default:
                break
            }
        }
        guard let id else { return nil }
        self.init(id: id, addresses: addresses, connection: connection)
    }

    /// Writes the peer, with as many addresses as fit into ``KademliaMessage/Limits/peerSize``.
    public func write(to writer: inout ProtobufWriter) {
        writer.bytes(1, id.bytes)
        // Room for the id, the connection and the heads of all three.
        var left = KademliaMessage.Limits.peerSize - id.bytes.count - 8
        for address in addresses {
            left -= address.bytes.count + 4
            guard left >= 0 else { break }
            writer.bytes(2, address.bytes)
        }
        if connection != .notConnected { writer.varint(3, connection.rawValue) }
    }
}

extension KademliaMessage.Record: ProtobufMessage {
    /// Reads a record; the author and signature that js-libp2p wrote until 2020 are skipped.
    ///
    /// - Throws: `WireError` for broken protobuf, ``KademliaError`` for oversize fields.
    public init(from reader: inout ProtobufReader) throws {
        self.init(key: [], value: [])
        while let field = try reader.nextField() {
            switch field.number {
            case 1: key = try field.bounded(KademliaMessage.Limits.keyLength, "record key")
            case 2: value = try field.bounded(KademliaMessage.Limits.valueLength, "record value")
            // What is not UTF-8 is left out: repaired, it would be longer than readers of an echo accept.
            case 5: timeReceived = String(validating: try field.bounded(64, "time of a record"), as: UTF8.self)
            default: break
            }
        }
    }

    /// Writes the record.
    public func write(to writer: inout ProtobufWriter) {
        if !key.isEmpty { writer.bytes(1, key) }
        if !value.isEmpty { writer.bytes(2, value) }
        if let timeReceived { writer.string(5, timeReceived) }
    }
}

extension ProtobufField {
    /// The bytes of the field, refused before they are copied when there are too many.
    fileprivate func bounded(_ limit: Int, _ name: String) throws -> [UInt8] {
        let bytes = try bytes()
        guard bytes.readableBytes <= limit else {
            throw KademliaError(
                .invalidMessage, "a \(name) of \(bytes.readableBytes) bytes exceeds the limit of \(limit)")
        }
        return Array(bytes.readableBytesView)
    }
}
