public import Multiformats
public import NIOCore
import Wire

/// A peer's own statement of its addresses, numbered so that the newest wins.
///
/// Spec: libp2p/specs RFC 0003, with the domain and type that implementations use instead of those of its text.
public struct PeerRecord: Sendable, Hashable {
    /// Whose addresses they are.
    public var peerID: PeerID
    /// Greater is newer. Peers count in nanoseconds or milliseconds since 1970 as they like: it is not a clock.
    public var sequence: UInt64
    /// The addresses, without a trailing `/p2p`.
    public var addresses: [Multiaddr]

    /// What envelopes of peer records are signed for.
    public static let domain = "libp2p-peer-record"
    /// What envelopes of peer records carry as their payload's type.
    public static let payloadType: [UInt8] = [0x03, 0x01]
    /// How many addresses are read; the rest of a longer list is left out.
    public static let maxAddresses = 500

    /// Makes a record.
    public init(peerID: PeerID, sequence: UInt64, addresses: [Multiaddr]) {
        self.peerID = peerID
        self.sequence = sequence
        self.addresses = addresses
    }

    /// Signs the record.
    ///
    /// - Throws: `IdentityError.Code.record` when `key` is another peer's, `.signing` when it can't sign.
    public func seal(with key: PrivateKey) throws -> SignedEnvelope {
        guard peerID.matches(key.publicKey) else {
            throw IdentityError(.record, "a record of \(peerID) can't be signed by \(key.peerID)")
        }
        return try SignedEnvelope.seal(
            payload.protobufBytes(), type: Self.payloadType, domain: Self.domain, with: key)
    }

    /// Reads a record from an envelope: verifies the signature first, then that the signer speaks for itself.
    ///
    /// - Throws: `IdentityError` with the codes of ``SignedEnvelope/open(_:domain:type:)-(ByteBuffer,_,_)``, or `.record`.
    public init(opening envelope: ByteBuffer) throws {
        try self.init(try SignedEnvelope.open(envelope, domain: Self.domain, type: Self.payloadType))
    }

    /// Reads a record from an envelope in bytes.
    ///
    /// - Throws: as ``init(opening:)-(ByteBuffer)``.
    public init(opening envelope: [UInt8]) throws {
        try self.init(opening: ByteBuffer(bytes: envelope))
    }

    /// Reads a record from an envelope that was verified before, without doing so again.
    package init(trusting envelope: [UInt8]) throws {
        try self.init(payload: try SignedEnvelope.payload(trusting: envelope))
    }

    private init(_ envelope: SignedEnvelope) throws {
        try self.init(payload: envelope.payload)
        guard peerID.matches(envelope.publicKey) else {
            throw IdentityError(.record, "\(envelope.peerID) signed a record of \(peerID)")
        }
    }

    private init(payload bytes: [UInt8]) throws {
        let payload: Payload
        do {
            payload = try Payload(protobuf: bytes)
        } catch let error as WireError {
            throw IdentityError(.record, "the payload of an envelope is not a peer record", cause: error)
        }
        self.init(
            peerID: try PeerID(bytes: payload.peerID), sequence: payload.sequence, addresses: payload.addresses)
    }

    private var payload: Payload { Payload(peerID: peerID.bytes, sequence: sequence, addresses: addresses) }
}

/// The record's fields on the wire: peer_id = 1, seq = 2, addresses = 3 { multiaddr = 1 }.
private struct Payload: ProtobufMessage {
    var peerID: [UInt8] = []
    var sequence: UInt64 = 0
    var addresses: [Multiaddr] = []

    init(peerID: [UInt8], sequence: UInt64, addresses: [Multiaddr]) {
        self.peerID = peerID
        self.sequence = sequence
        self.addresses = addresses
    }

    init(from reader: inout ProtobufReader) throws {
        while let field = try reader.nextField() {
            switch field.number {
            case 1: peerID = try field.byteArray()
            case 2: sequence = try field.varint()
            case 3 where addresses.count < PeerRecord.maxAddresses:
                // An address of a protocol we don't know is no reason to lose the others.
                let info = try field.message(AddressInfo.self)
                if let address = try? Multiaddr(bytes: info.multiaddr) { addresses.append(address) }
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        writer.bytes(1, peerID)
        writer.varint(2, sequence)
        for address in addresses {
            writer.message(3) { $0.bytes(1, address.bytes) }
        }
    }
}

private struct AddressInfo: ProtobufMessage {
    var multiaddr: [UInt8] = []

    init(from reader: inout ProtobufReader) throws {
        while let field = try reader.nextField() {
            if field.number == 1 { multiaddr = try field.byteArray() }
        }
    }

    func write(to writer: inout ProtobufWriter) { writer.bytes(1, multiaddr) }
}
