import Foundation
import LibP2PIdentity
import LibP2PTesting
import Testing

/// `noise.json`.
struct NoiseVectors: Decodable {
    struct Generic: Decodable {
        struct Message: Decodable {
            let payload: Hex
            let ciphertext: Hex
        }

        let origin: String
        let initPrologue: Hex
        let initStatic: Hex
        let initEphemeral: Hex
        let respPrologue: Hex
        let respStatic: Hex
        let respEphemeral: Hex
        let handshakeHash: Hex?
        let messages: [Message]
    }

    struct Party: Decodable {
        let identitySeedHex: Hex
        let peerId: String
        let staticPrivateHex: Hex
        let ephemeralPrivateHex: Hex
        let payloadHex: Hex
    }

    struct Handshake: Decodable {
        struct Frame: Decodable {
            let from: String
            let plainHex: Hex
            let frameHex: Hex
        }

        let initiator: Party
        let responder: Party
        let framesHex: [Hex]
        let handshakeHashHex: Hex
        let selectedMuxer: String
        let transportFrames: [Frame]
    }

    struct Rejected: Decodable {
        let responderPayloadHex: Hex
        let why: String
    }

    let genericVectors: [Generic]
    let libp2pHandshake: Handshake
    let mustReject: [Rejected]

    static func load() throws -> NoiseVectors { try TestVectors.load("noise", keys: .convertFromSnakeCase) }
}

/// `tls-certificates.json`.
struct CertificateVectors: Decodable {
    struct Case: Decodable {
        let name: String
        let certDerHex: Hex
        let hostPublicPbHex: Hex
        let expect: String
        let peerId: String?
    }

    let certificates: [Case]

    static func load() throws -> CertificateVectors {
        try TestVectors.load("tls-certificates", keys: .convertFromSnakeCase)
    }
}

/// `pnet-psk.json`.
struct PrivateNetworkVectors: Decodable {
    struct File: Decodable {
        let text: String?
        let hex: Hex?
        let pskHex: Hex?
        let why: String?

        var content: [UInt8] { hex?.bytes ?? Array((text ?? "").utf8) }
    }

    struct Stream: Decodable {
        let pskHex: Hex
        let writerNonceHex: Hex
        let firstWritePlainHex: Hex
        let secondWritePlainHex: Hex
        let wireHex: Hex
    }

    struct KnownAnswer: Decodable {
        let keyHex: Hex
        let nonceHex: Hex
        let keystreamFirst32Hex: Hex

        // The strategy that converts the keys does not split a number from a word.
        enum CodingKeys: String, CodingKey {
            case keyHex, nonceHex
            case keystreamFirst32Hex
        }
    }

    let files: [File]
    let invalidFiles: [File]
    let stream: Stream
    let xsalsa20KnownAnswer: KnownAnswer

    static func load() throws -> PrivateNetworkVectors { try TestVectors.load("pnet-psk", keys: .convertFromSnakeCase) }
}
