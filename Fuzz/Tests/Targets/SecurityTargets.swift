import LibP2PCore
import LibP2PIdentity
import NIOCore
import NIOEmbedded
import SwiftASN1
import Wire

@testable import LibP2PSecurity

extension FuzzTarget {
    static let securities = [
        FuzzTarget("noise", cost: 10) { input in
            let dialed = try requireSameInPieces(input, by: { $0.agrees(with: $1) }) { try talkNoise($0, .dialer) }
            let accepted = try requireSameInPieces(input, by: { $0.agrees(with: $1) }) { try talkNoise($0, .listener) }
            return !dialed.received.isEmpty || !accepted.received.isEmpty
        },
        FuzzTarget("noise-payload", cost: 4, check: noisePayload),
        FuzzTarget("certificate", cost: 4) { input in
            guard let key = try? PeerCertificate.verify(chain: [input], at: Timestamp(seconds: 1_800_000_000)) else {
                return false
            }
            try require(key.peerID.matches(key), "a certificate leads to a key")
            return true
        },
        FuzzTarget("signed-key") { input in
            guard let key = try? SignedKey(derEncoded: input) else { return false }
            var serializer = DER.Serializer()
            try serializer.serialize(key)
            try requireEqual(serializer.serializedBytes, input, "DER has one form only")
            return true
        },
        FuzzTarget("psk-file") { input in
            guard let key = try? PreSharedKey(file: input) else { return false }
            try requireEqual(try PreSharedKey(file: Array(key.file.utf8)), key, "a network's key through its file")
            return true
        },
        FuzzTarget("private-network") { input in
            try !requireSameInPieces(input) { pieces in
                let handler = PrivateNetworkHandler(
                    key: try PreSharedKey(bytes: [UInt8](repeating: 7, count: PreSharedKey.byteCount)))
                return try Conversation(pieces, with: handler).received
            }.isEmpty
        },
    ]

    private static let noiseKeys = Result { try NoiseKeys() }

    /// What a side of the handshake in the test vectors makes of the other side's bytes.
    private static func talkNoise(_ pieces: [ByteBuffer], _ role: HandshakeRole) throws -> Conversation {
        let keys = try noiseKeys.get()
        let handshake = NoiseHandshake(
            role: role, local: role == .dialer ? keys.initiator : keys.responder, offer: ["/yamux/1.0.0"],
            expected: nil, ephemeral: role == .dialer ? keys.initiatorEphemeral : keys.responderEphemeral)
        let loop = EmbeddedEventLoop()
        let result = loop.makePromise(of: SecuredPeer.self)
        let conversation = try Conversation(pieces, with: NoiseHandler(handshake: handshake, result: result), on: loop)
        try require(
            conversation.received.count <= pieces.reduce(0) { $0 + $1.readableBytes }, "plaintext is not longer")
        return conversation
    }

    /// The input is what a peer encrypts in its handshake: it may be a liar, but it has a key.
    private static func noisePayload(_ input: [UInt8]) throws -> Bool {
        if let payload = try? NoisePayload(protobuf: input) {
            try require((payload.extensions?.streamMuxers.count ?? 0) <= 64, "the muxers offered are bounded")
            // Key and signature are written even where they are empty.
            try requireStable(payload, from: input, growth: 4)
        }
        let keys = try noiseKeys.get()
        var dialer = NoiseHandshake(
            role: .dialer, local: keys.initiator, offer: ["/yamux/1.0.0"], expected: nil,
            ephemeral: keys.initiatorEphemeral)
        var listener = NoiseXX(
            role: .listener, staticKey: keys.responder.staticKey, ephemeral: keys.responderEphemeral, prologue: [])
        guard let hello = try dialer.start() else { throw BrokenRule("the dialer speaks first") }
        _ = try listener.read(hello)
        let response = try listener.write(payload: input)
        guard let step = try? dialer.receive(response) else { return false }
        try require(step.reply != nil && step.outcome != nil, "a good payload ends the dialer's handshake")
        return true
    }
}

/// The identities and keys of the handshake in the test vectors.
private struct NoiseKeys {
    let initiator: NoiseIdentity
    let initiatorEphemeral: NoiseKeyPair
    let responder: NoiseIdentity
    let responderEphemeral: NoiseKeyPair

    init() throws {
        func part(_ side: String, _ name: String) throws -> [UInt8] {
            try vector("noise", "libp2p_handshake", side, name)
        }
        func identity(_ side: String) throws -> NoiseIdentity {
            try NoiseIdentity(
                identity: PrivateKey(ed25519Seed: part(side, "identity_seed_hex")),
                staticKey: NoiseKeyPair(privateKey: part(side, "static_private_hex")))
        }
        initiator = try identity("initiator")
        initiatorEphemeral = try NoiseKeyPair(privateKey: part("initiator", "ephemeral_private_hex"))
        responder = try identity("responder")
        responderEphemeral = try NoiseKeyPair(privateKey: part("responder", "ephemeral_private_hex"))
    }
}
