public import LibP2PIdentity
public import Multiformats

/// A peer as Delegated Routing tells of it: the schema "peer".
///
/// Addresses are texts: those of other servers may use protocols that this node does not know. Fields that it does not
/// know are kept.
public struct RoutingRecord: Sendable, Hashable {
    /// Who the peer is.
    public let id: PeerID
    /// Where it can be reached; empty when that is not known.
    public var addresses: [String]
    /// How content can be had from it; empty when that is not known, as with all that comes from a DHT.
    public var protocols: [String]
    /// Further fields.
    public var others: [String: JSONValue]
    /// The peer id as text: records that are remembered are written more than once.
    private let name: String

    /// Describes a peer.
    public init(
        id: PeerID, addresses: [String] = [], protocols: [String] = [], others: [String: JSONValue] = [:]
    ) {
        self.id = id
        name = id.description
        self.addresses = addresses
        self.protocols = protocols
        self.others = others
    }

    /// Describes a peer of a DHT.
    public init(id: PeerID, addresses: [Multiaddr]) {
        self.init(id: id, addresses: addresses.map(\.description))
    }

    /// Addresses of one record that are read; js and go know tens at most.
    public static let maxAddresses = 128
    /// Protocols of one record that are read.
    public static let maxProtocols = 64
    /// The longest text of an address that is read.
    public static let maxAddressLength = 2048

    /// Reads a record of another server. The retired schemas "bitswap" and "graphsync…" have the same fields.
    ///
    /// - Returns: nil for a schema that tells of no peer.
    /// - Throws: ``RoutingError`` with code ``RoutingError/Code/badInput``.
    public init?(json: [UInt8]) throws(RoutingError) {
        guard case .object(let members) = try JSONReader.value(of: json) else {
            throw RoutingError(.badInput, "a record of \(json.count) bytes is no JSON object")
        }
        try self.init(members: members)
    }

    /// Reads the members of an object.
    init?(members: [String: JSONValue]) throws(RoutingError) {
        guard case .string(let schema) = members["Schema"] else {
            throw RoutingError(.badInput, "a record names no schema")
        }
        guard schema == "peer" || schema == "bitswap" || schema.hasPrefix("graphsync") else { return nil }
        guard case .string(let text) = members["ID"], let id = try? PeerID(text) else {
            throw RoutingError(.badInput, "a record names no peer by its ID")
        }
        var others = members
        for known in ["Schema", "ID", "Addrs", "Protocols", "Protocol"] { others[known] = nil }
        var protocols = members["Protocols"]?.strings ?? []
        // The retired schemas have one, in the singular.
        if protocols.isEmpty, case .string(let only) = members["Protocol"] { protocols = [only] }
        let addresses = (members["Addrs"]?.strings ?? []).filter { $0.utf8.count <= Self.maxAddressLength }
        self.init(
            id: id, addresses: Array(addresses.prefix(Self.maxAddresses)),
            protocols: Array(protocols.prefix(Self.maxProtocols)), others: others)
    }

    /// Bytes of memory that it takes, by estimate.
    var size: Int {
        let texts = addresses.reduce(0) { $0 + 32 + $1.utf8.count } + protocols.reduce(0) { $0 + 32 + $1.utf8.count }
        return 160 + texts + others.reduce(0) { $0 + 64 + $1.key.utf8.count + $1.value.size }
    }

    /// The record as one line of JSON, without its end.
    public var json: [UInt8] {
        var text = JSONText()
        write(to: &text)
        return text.bytes
    }

    func write(to text: inout JSONText) {
        text.raw("{\"Schema\":\"peer\",\"ID\":")
        text.string(name)
        text.raw(",\"Addrs\":")
        text.strings(addresses)
        text.raw(",\"Protocols\":")
        text.strings(protocols)
        for (key, value) in others.sorted(by: { $0.key < $1.key }) {
            text.raw(",")
            text.string(key)
            text.raw(":")
            text.value(value)
        }
        text.raw("}")
    }
}
