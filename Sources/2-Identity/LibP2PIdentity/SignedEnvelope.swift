import Multiformats
public import NIOCore
import Wire

/// A payload with the signature of a peer, for one purpose. A value exists only if its signature is valid.
///
/// Spec: libp2p/specs RFC 0002. The domain (the purpose) is signed but not sent, so that a signature made for one
/// protocol is worth nothing in another.
public struct SignedEnvelope: Sendable, Hashable {
    /// The signer's key.
    public let publicKey: PublicKey
    /// What the payload is, as bytes that the protocol defines.
    public let payloadType: [UInt8]
    /// The signed content, as it came.
    public let payload: [UInt8]
    /// The signature.
    public let signature: [UInt8]

    /// Signs a payload.
    ///
    /// - Throws: `IdentityError.Code.signing`.
    public static func seal(
        _ payload: [UInt8], type payloadType: [UInt8], domain: String, with key: PrivateKey
    ) throws -> SignedEnvelope {
        let signature = try key.sign(signedBytes(domain: domain, payloadType: payloadType, payload: payload))
        return SignedEnvelope(
            publicKey: key.publicKey, payloadType: payloadType, payload: payload, signature: signature)
    }

    /// Reads an envelope and verifies its signature, before anyone looks at the payload.
    ///
    /// - Parameters:
    ///   - buffer: the envelope in protobuf form, all readable bytes.
    ///   - domain: the purpose it must have been signed for.
    ///   - payloadType: the type it must carry; nil to accept any.
    /// - Throws: `IdentityError.Code.envelope`, `.publicKey` or `.signature`.
    public static func open(_ buffer: ByteBuffer, domain: String, type payloadType: [UInt8]? = nil) throws
        -> SignedEnvelope
    {
        let fields = try Fields(envelope: buffer)
        guard let publicKey = fields.publicKey, let signature = fields.signature else {
            throw IdentityError(.envelope, "an envelope lacks its \(fields.publicKey == nil ? "key" : "signature")")
        }
        if let payloadType, payloadType != fields.payloadType {
            throw IdentityError(
                .envelope, "an envelope holds a payload of type \(fields.payloadType), not \(payloadType)")
        }
        let signed = signedBytes(domain: domain, payloadType: fields.payloadType, payload: fields.payload)
        guard publicKey.isValidSignature(signature, for: signed) else {
            throw IdentityError(.signature, "the signature of an envelope for \(domain) is not valid")
        }
        return SignedEnvelope(
            publicKey: publicKey, payloadType: fields.payloadType, payload: fields.payload, signature: signature)
    }

    /// Reads an envelope from bytes; see ``open(_:domain:type:)-(ByteBuffer,_,_)``.
    public static func open(_ bytes: [UInt8], domain: String, type payloadType: [UInt8]? = nil) throws -> SignedEnvelope
    {
        try open(ByteBuffer(bytes: bytes), domain: domain, type: payloadType)
    }

    /// The payload of an envelope that was verified before.
    static func payload(trusting bytes: [UInt8]) throws -> [UInt8] {
        try Fields(envelope: ByteBuffer(bytes: bytes)).payload
    }

    /// The signer.
    public var peerID: PeerID { publicKey.peerID }

    /// The envelope in protobuf form.
    public var protobuf: [UInt8] {
        Fields(publicKey: publicKey, payloadType: payloadType, payload: payload, signature: signature).protobufBytes()
    }

    /// What is signed: domain, type and payload, each with its length in front.
    static func signedBytes(domain: String, payloadType: [UInt8], payload: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        for part in [Array(domain.utf8), payloadType, payload] {
            Varint.append(UInt64(part.count), to: &bytes)
            bytes += part
        }
        return bytes
    }
}

/// The envelope's fields on the wire, not verified. There is no field 4.
private struct Fields: ProtobufMessage {
    var publicKey: PublicKey?
    var payloadType: [UInt8] = []
    var payload: [UInt8] = []
    var signature: [UInt8]?

    init(publicKey: PublicKey, payloadType: [UInt8], payload: [UInt8], signature: [UInt8]) {
        self.publicKey = publicKey
        self.payloadType = payloadType
        self.payload = payload
        self.signature = signature
    }

    init(envelope buffer: ByteBuffer) throws {
        do {
            try self.init(protobuf: buffer)
        } catch let error as WireError {
            throw IdentityError(.envelope, "\(buffer.readableBytes) bytes are not a signed envelope", cause: error)
        }
    }

    init(from reader: inout ProtobufReader) throws {
        while let field = try reader.nextField() {
            switch field.number {
            case 1: publicKey = try PublicKey(protobuf: try field.bytes())
            case 2: payloadType = try field.byteArray()
            case 3: payload = try field.byteArray()
            case 5: signature = try field.byteArray()
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        if let publicKey { writer.message(1, publicKey) }
        writer.bytes(2, payloadType)
        writer.bytes(3, payload)
        if let signature { writer.bytes(5, signature) }
    }
}
