internal import LibP2PCore
internal import NIOCore
internal import Wire

/// What libp2p puts into the second and third message of the Noise handshake (libp2p/specs noise/README.md).
///
/// Field 3 is retired and skipped like every unknown field.
struct NoisePayload: ProtobufMessage, Hashable {
    /// The part of the payload that later versions of the protocol grow in.
    struct Extensions: ProtobufMessage, Hashable {
        /// Nobody offers more than a handful; the bound keeps a hostile list from costing memory and comparisons.
        static let maxMuxers = 64

        /// Protocol names of stream muxers in the order of preference.
        var streamMuxers: [ProtocolID] = []
    }

    /// The protobuf of the sender's public key.
    var identityKey: [UInt8] = []
    /// The signature that binds the Noise static key to the identity.
    var identitySignature: [UInt8] = []
    /// Absent in peers from before 2022.
    var extensions: Extensions?

    init() {}

    init(from reader: inout ProtobufReader) throws {
        while let field = try reader.nextField() {
            switch field.number {
            case 1: identityKey = try field.byteArray()
            case 2: identitySignature = try field.byteArray()
            case 4: extensions = try field.message(Extensions.self)
            default: break
            }
        }
    }

    func write(to writer: inout ProtobufWriter) {
        writer.bytes(1, identityKey)
        writer.bytes(2, identitySignature)
        if let extensions { writer.message(4, extensions) }
    }
}

extension NoisePayload.Extensions {
    init(from reader: inout ProtobufReader) throws {
        while let field = try reader.nextField() {
            guard field.number == 2 else { continue }
            guard streamMuxers.count < Self.maxMuxers else {
                throw WireError(.tooManyElements, "a peer offers more than \(Self.maxMuxers) stream muxers")
            }
            streamMuxers.append(ProtocolID(try field.string()))
        }
    }

    func write(to writer: inout ProtobufWriter) {
        for muxer in streamMuxers { writer.string(2, muxer.name) }
    }
}
