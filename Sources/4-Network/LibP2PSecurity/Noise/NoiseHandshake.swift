internal import LibP2PCore
internal import LibP2PIdentity
internal import Wire

/// The libp2p handshake over Noise XX: messages in, messages and the verdict out. It has no I/O and no randomness.
///
/// The dialer is the initiator. The first message carries nothing; the second and third carry each side's identity key
/// and its signature over the Noise static key, and nothing is handed up before that signature has been verified.
struct NoiseHandshake {
    /// What a received message leads to.
    struct Step {
        /// A message to send, if it is this side's turn.
        var reply: [UInt8]?
        /// The outcome, if the handshake is over; `reply` is to be sent even then.
        var outcome: Outcome?
    }

    /// The result of a handshake that went well.
    struct Outcome {
        let peer: SecuredPeer
        let sendKey: [UInt8]
        let receiveKey: [UInt8]
        let handshakeHash: [UInt8]
    }

    /// The longest handshake message accepted. The largest honest one holds an RSA key of 8192 bits, a signature by it
    /// and a few names, about 3 KiB; a stranger must not make us keep the 64 KiB a Noise message could have.
    static let maxMessageLength = 8192

    private enum State {
        case idle(NoiseXX)
        case awaitingHello(NoiseXX)
        case awaitingResponse(NoiseXX)
        case awaitingProof(NoiseXX)
        case over
    }

    private var state: State
    private let payload: [UInt8]
    private let offer: [ProtocolID]
    private let expected: PeerID?

    /// - Parameters:
    ///   - role: the dialer is the initiator.
    ///   - local: who this node is.
    ///   - offer: the muxers to offer, the preferred one first.
    ///   - expected: the peer that was dialled, or nil if anyone is welcome.
    ///   - ephemeral: a fresh key pair for this handshake alone.
    ///   - prologue: empty, but for WebRTC.
    init(
        role: HandshakeRole, local: NoiseIdentity, offer: [ProtocolID], expected: PeerID?, ephemeral: NoiseKeyPair,
        prologue: [UInt8] = []
    ) {
        let noise = NoiseXX(role: role, staticKey: local.staticKey, ephemeral: ephemeral, prologue: prologue)
        payload = local.payload(offering: offer)
        self.offer = offer
        self.expected = expected
        switch role {
        case .dialer: state = .idle(noise)
        case .listener: state = .awaitingHello(noise)
        }
    }

    /// The initiator's first message; nil for the responder, who waits.
    mutating func start() throws(SecurityError) -> [UInt8]? {
        guard case .idle(var noise) = state else { return nil }
        let hello = try noise.write(payload: [])
        state = .awaitingResponse(noise)
        return hello
    }

    /// Takes the next message of the other side. After an error the handshake is over.
    mutating func receive(_ message: [UInt8]) throws(SecurityError) -> Step {
        let current = state
        state = .over
        switch consume current {
        case .awaitingHello(var noise):
            // A payload here is readable by everyone and proves nothing; the specification gives it no meaning.
            _ = try noise.read(message)
            let reply = try noise.write(payload: payload)
            state = .awaitingProof(noise)
            return Step(reply: reply)
        case .awaitingResponse(var noise):
            let proof = try Self.verify(try noise.read(message), of: noise.remoteStatic, expected: expected)
            let reply = try noise.write(payload: payload)
            let muxer = MuxerChoice.choose(initiator: offer, responder: proof.muxers)
            return Step(reply: reply, outcome: Self.outcome(noise, proof.key, muxer))
        case .awaitingProof(var noise):
            let proof = try Self.verify(try noise.read(message), of: noise.remoteStatic, expected: expected)
            let muxer = MuxerChoice.choose(initiator: proof.muxers, responder: offer)
            return Step(outcome: Self.outcome(noise, proof.key, muxer))
        case .idle, .over:
            throw SecurityError(.malformed, "a Noise handshake message came when none was due")
        }
    }

    private static func outcome(_ noise: NoiseXX, _ key: PublicKey, _ muxer: ProtocolID?) -> Outcome {
        let keys = noise.transportKeys()
        return Outcome(
            peer: SecuredPeer(publicKey: key, muxer: muxer), sendKey: keys.send, receiveKey: keys.receive,
            handshakeHash: noise.handshakeHash)
    }

    /// Reads a payload and checks that its identity has signed the static key the message came under.
    private static func verify(
        _ bytes: [UInt8], of staticKey: [UInt8]?, expected: PeerID?
    ) throws(SecurityError) -> (key: PublicKey, muxers: [ProtocolID]) {
        let payload: NoisePayload
        let key: PublicKey
        do {
            payload = try NoisePayload(protobuf: bytes)
            key = try PublicKey(protobuf: payload.identityKey)
        } catch {
            throw SecurityError(.invalidProof, "the peer's Noise payload holds no identity key", cause: error)
        }
        // The cheap comparison comes before the signature, which for RSA and ECDSA takes its time.
        if let expected, key.peerID != expected {
            throw SecurityError(.wrongPeer, "dialled \(expected), but \(key.peerID) answered")
        }
        guard let staticKey,
            key.isValidSignature(payload.identitySignature, for: NoiseIdentity.signedBytes(staticKey: staticKey))
        else {
            throw SecurityError(.invalidProof, "the peer's identity \(key.peerID) has not signed its Noise key")
        }
        return (key, payload.extensions?.streamMuxers ?? [])
    }
}
