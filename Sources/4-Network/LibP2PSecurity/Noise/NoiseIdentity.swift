internal import LibP2PCore
internal import LibP2PIdentity
internal import Wire

/// Who this node is in Noise handshakes: a static X25519 key and the proof that it speaks for the node's identity.
///
/// One per process: the proof takes a signature with the identity key (much work for RSA), and it is the same for every
/// connection as long as the static key is. The key lives in memory only. Fresh ephemeral keys give every connection its
/// own secrets nevertheless.
struct NoiseIdentity: Sendable {
    private static let signaturePrefix = "noise-libp2p-static-key:"

    let staticKey: NoiseKeyPair
    private let publicKey: [UInt8]
    private let signature: [UInt8]

    /// Signs the static key.
    ///
    /// - Throws: what signing with the identity key throws.
    init(identity: PrivateKey, staticKey: NoiseKeyPair = NoiseKeyPair()) throws {
        self.staticKey = staticKey
        publicKey = identity.publicKey.protobuf
        signature = try identity.sign(Self.signedBytes(staticKey: staticKey.publicKey))
    }

    /// The payload of this node's handshake message, which offers `muxers`.
    func payload(offering muxers: [ProtocolID]) -> [UInt8] {
        var payload = NoisePayload()
        payload.identityKey = publicKey
        payload.identitySignature = signature
        if !muxers.isEmpty { payload.extensions = NoisePayload.Extensions(streamMuxers: muxers) }
        return payload.protobufBytes()
    }

    /// The bytes under the signature of a payload.
    static func signedBytes(staticKey: [UInt8]) -> [UInt8] {
        Array(signaturePrefix.utf8) + staticKey
    }
}
