public import LibP2PCore
public import LibP2PIdentity
import NIOCore
import Wire

/// A signed pointer from the name of a key to a path (ipfs/specs, `src/ipns/ipns-record.md`).
///
/// What counts is the DAG-CBOR document under `signatureV2`; the protobuf fields of the first version beside it are
/// only there for old readers and must say the same.
public struct IPNSRecord: Sendable {
    /// The largest record that is looked at.
    public static let maxSize = 10_240
    private static let signaturePrefix = Array("ipns-signature:".utf8)

    /// The path pointed to, such as `/ipfs/bafy…`, as bytes.
    public let value: [UInt8]
    /// Until when the record counts.
    public let validity: Timestamp
    /// Higher is newer.
    public let sequence: UInt64
    /// How long readers may keep it, in nanoseconds; 0 leaves it to them.
    public let ttl: UInt64
    /// The record as it was received.
    public let bytes: [UInt8]

    private let document: [UInt8]
    private let signature: [UInt8]
    private let embeddedKey: [UInt8]?

    /// Reads a record. It is not verified yet: see ``verify(name:now:)``.
    ///
    /// - Throws: ``KademliaError`` with code ``KademliaError/Code/invalidRecord`` for everything that needs no key to be
    ///   seen wrong: size, form, a missing second signature, fields that contradict each other.
    public init(bytes: [UInt8]) throws(KademliaError) {
        guard bytes.count <= Self.maxSize else {
            throw KademliaError(.invalidRecord, "an IPNS record of \(bytes.count) bytes exceeds \(Self.maxSize)")
        }
        let entry: IPNSEntry
        do {
            entry = try IPNSEntry(protobuf: bytes)
        } catch {
            throw KademliaError(.invalidRecord, "an IPNS record is not a protobuf message", cause: error)
        }
        guard !entry.signatureV2.isEmpty, !entry.data.isEmpty else {
            throw KademliaError(.invalidRecord, "an IPNS record has no second signature; records of version 1 are over")
        }
        let map = try CanonicalMap(entry.data)
        guard case .bytes(let value) = map["Value"], case .bytes(let validity) = map["Validity"],
            case .unsigned(let validityType) = map["ValidityType"], case .unsigned(let sequence) = map["Sequence"],
            case .unsigned(let ttl) = map["TTL"] ?? .unsigned(0)
        else {
            throw KademliaError(
                .invalidRecord, "the document of an IPNS record lacks a field or has one of another type")
        }
        guard validityType == 0, let until = Timestamp(rfc3339: validity) else {
            throw KademliaError(.invalidRecord, "the validity of an IPNS record is not a time in RFC 3339")
        }
        if entry.hasFirstVersion {
            guard entry.value == value, entry.validity == validity, entry.validityType == validityType,
                entry.sequence == sequence, entry.ttl == ttl
            else {
                throw KademliaError(.invalidRecord, "the two versions of an IPNS record say different things")
            }
        }
        self.value = value
        self.validity = until
        self.sequence = sequence
        self.ttl = ttl
        self.bytes = bytes
        self.document = entry.data
        self.signature = entry.signatureV2
        self.embeddedKey = entry.publicKey
    }

    /// Checks that the record is signed by its name's key and still counts.
    ///
    /// - Throws: ``KademliaError`` with code ``KademliaError/Code/invalidRecord``.
    public func verify(name: PeerID, now: Timestamp) throws(KademliaError) {
        let key = try key(of: name)
        guard key.isValidSignature(signature, for: Self.signaturePrefix + document) else {
            throw KademliaError(.invalidRecord, "the signature of the IPNS record of \(name) is wrong")
        }
        guard validity > now else {
            throw KademliaError(.invalidRecord, "the IPNS record of \(name) expired at \(validity.rfc3339)")
        }
    }

    /// Whether this record is to replace another of the same name: higher sequence, then later validity, then greater
    /// bytes, so that all peers choose alike.
    public func isBetter(than other: IPNSRecord) -> Bool {
        if sequence != other.sequence { return sequence > other.sequence }
        if validity != other.validity { return validity > other.validity }
        return other.bytes.lexicographicallyPrecedes(bytes)
    }

    private func key(of name: PeerID) throws(KademliaError) -> PublicKey {
        guard let embeddedKey else {
            guard let key = name.publicKey else {
                throw KademliaError(.invalidRecord, "the IPNS record of \(name) has no key, and its name holds none")
            }
            return key
        }
        let key: PublicKey
        do {
            key = try PublicKey(protobuf: embeddedKey)
        } catch {
            throw KademliaError(.invalidRecord, "the key in the IPNS record of \(name) can't be read", cause: error)
        }
        guard key.peerID == name else {
            throw KademliaError(.invalidRecord, "the IPNS record of \(name) holds the key of \(key.peerID)")
        }
        return key
    }
}

/// The protobuf form of a record, field by field.
private struct IPNSEntry: ProtobufMessage {
    var value: [UInt8] = []
    var signatureV1: [UInt8] = []
    var validityType: UInt64 = 0
    var validity: [UInt8] = []
    var sequence: UInt64 = 0
    var ttl: UInt64 = 0
    var publicKey: [UInt8]?
    var signatureV2: [UInt8] = []
    var data: [UInt8] = []

    /// The first version is there when one of its telling fields is.
    var hasFirstVersion: Bool { !value.isEmpty || !signatureV1.isEmpty }

    init(from reader: inout ProtobufReader) throws {
        while let field = try reader.nextField() {
            switch field.number {
            case 1: value = try field.byteArray()
            case 2: signatureV1 = try field.byteArray()
            case 3: validityType = try field.varint()
            case 4: validity = try field.byteArray()
            case 5: sequence = try field.varint()
            case 6: ttl = try field.varint()
            case 7: publicKey = try field.byteArray()
            case 8: signatureV2 = try field.byteArray()
            case 9: data = try field.byteArray()
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        if !value.isEmpty { writer.bytes(1, value) }
        if !signatureV1.isEmpty { writer.bytes(2, signatureV1) }
        if validityType != 0 { writer.varint(3, validityType) }
        if !validity.isEmpty { writer.bytes(4, validity) }
        if sequence != 0 { writer.varint(5, sequence) }
        if ttl != 0 { writer.varint(6, ttl) }
        if let publicKey { writer.bytes(7, publicKey) }
        writer.bytes(8, signatureV2)
        writer.bytes(9, data)
    }
}
