import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import Multiformats
import Wire

// Values inside a column are protobuf messages: addresses and peers grow fields over time without a migration.

/// A list of addresses.
struct StoredAddresses: ProtobufMessage {
    var addresses: [Multiaddr]

    init(_ addresses: [Multiaddr]) { self.addresses = addresses }

    init(from reader: inout ProtobufReader) throws {
        addresses = []
        while let field = try reader.nextField() {
            guard field.number == 1, let address = try? Multiaddr(bytes: try field.byteArray()) else { continue }
            addresses.append(address)
        }
    }

    func write(to writer: inout ProtobufWriter) {
        for address in addresses { writer.bytes(1, address.bytes) }
    }
}

/// What is known of a peer.
struct StoredPeer: ProtobufMessage {
    var known: KnownPeer

    init(_ known: KnownPeer) { self.known = known }

    init(from reader: inout ProtobufReader) throws {
        var entries: [KnownPeer.Entry] = []
        var description: PeerDescription?
        while let field = try reader.nextField() {
            switch field.number {
            case 1: if let entry = try field.message(StoredEntry.self).entry { entries.append(entry) }
            case 2: description = try field.message(StoredDescription.self).description
            default: break
            }
        }
        known = KnownPeer(entries: entries, description: description)
    }

    func write(to writer: inout ProtobufWriter) {
        for entry in known.entries { writer.message(1, StoredEntry(entry: entry)) }
        if let description = known.description { writer.message(2, StoredDescription(description: description)) }
    }
}

private struct StoredEntry: ProtobufMessage {
    var entry: KnownPeer.Entry?

    init(entry: KnownPeer.Entry) { self.entry = entry }

    init(from reader: inout ProtobufReader) throws {
        var address: Multiaddr?
        var expiry: Timestamp?
        while let field = try reader.nextField() {
            switch field.number {
            case 1: address = try? Multiaddr(bytes: try field.byteArray())
            case 2: expiry = Timestamp(nanoseconds: Int64(bitPattern: try field.varint()))
            default: break
            }
        }
        entry = address.map { KnownPeer.Entry(address: $0, expiry: expiry) }
    }

    func write(to writer: inout ProtobufWriter) {
        guard let entry else { return }
        writer.bytes(1, entry.address.bytes)
        if let expiry = entry.expiry { writer.varint(2, UInt64(bitPattern: expiry.nanoseconds)) }
    }
}

private struct StoredDescription: ProtobufMessage {
    var description: PeerDescription

    init(description: PeerDescription) { self.description = description }

    init(from reader: inout ProtobufReader) throws {
        description = PeerDescription()
        while let field = try reader.nextField() {
            switch field.number {
            case 1:
                if let address = try? Multiaddr(bytes: try field.byteArray()) { description.addresses.append(address) }
            case 2: description.protocols.append(ProtocolID(try field.string()))
            case 3: description.agentVersion = try field.string()
            case 4: description.protocolVersion = try field.string()
            case 5: description.signedPeerRecord = try field.byteArray()
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        for address in description.addresses { writer.bytes(1, address.bytes) }
        for name in description.protocols { writer.string(2, name.name) }
        writer.string(3, description.agentVersion)
        writer.string(4, description.protocolVersion)
        if let record = description.signedPeerRecord { writer.bytes(5, record) }
    }
}
