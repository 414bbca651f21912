import Foundation
import LibP2PIdentity
import LibP2PTesting
import Testing

/// The part of Tests/Vectors/wire-basics.json that belongs to this room.
struct BasicsVectors: Decodable {
    struct Identify: Decodable {
        struct Fields: Decodable {
            let publicKey: String
            let listenAddrs: [String]
            let protocols: [String]
            let observedAddr: String
            let protocolVersion: String
            let agentVersion: String
        }
        let delimited_hex: String
        let fields: Fields
    }
    struct Ping: Decodable {
        let payload_len: Int
    }
    let identify: Identify
    let ping: Ping

    static func load() throws -> BasicsVectors { try TestVectors.load("wire-basics") }
}

/// The part of Tests/Vectors/autonat-rendezvous-pubsub.json that belongs to this room.
struct AutoNATVectors: Decodable {
    struct Version1: Decodable {
        let `protocol`: String
        let dial: String
        let response_ok: String
        let response_dial_error: String
    }
    struct Version2: Decodable {
        let dial_request_protocol: String
        let dial_back_protocol: String
        let dial_request: String
        let nonce: String
        let dial_data_request_64KiB: String
        let dial_data_response_4096_prefix_hex: String
        let response_ok_index0: String
        let dial_back: String
        let dial_back_response_ok_delimited: String
    }
    let autonat_v1: Version1
    let autonat_v2: Version2

    static func load() throws -> AutoNATVectors { try TestVectors.load("autonat-rendezvous-pubsub") }
}

/// The rendezvous part of the same file.
struct RendezvousVectors: Decodable {
    struct Rendezvous: Decodable {
        let `protocol`: String
        let register: String
        let register_response_ok_7200: String
        let register_invalid_ttl: String
        let unregister: String
        let discover_all: String
        let discover_ns_limit10: String
        let discover_response: String
    }
    let rendezvous: Rendezvous

    static func load() throws -> Rendezvous {
        let file: RendezvousVectors = try TestVectors.load("autonat-rendezvous-pubsub")
        return file.rendezvous
    }
}

/// The key of the vectors' example peer.
func exampleKey() throws -> PrivateKey {
    try PrivateKey(ed25519Seed: try hex("7e0830617c4a7de83925dfb2694556b12936c477a0e1feb2e148ec9da60fee7d"))
}

/// A key that depends on a number only.
func key(_ number: UInt8) throws -> PrivateKey {
    try PrivateKey(ed25519Seed: [UInt8](repeating: number, count: 32))
}
