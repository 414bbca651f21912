import LibP2PIdentity
import LibP2PTesting

/// The part of Tests/Vectors/autonat-rendezvous-pubsub.json that belongs to this room.
struct PubSubVectors: Decodable {
    struct Rejected: Decodable {
        let rpc_hex: String
        let why: String
    }
    let topic: String
    let peer_discovery_payload_hex: String
    let peer_discovery_payload_2020_to_2022_hex: String
    let rpc_subscribe: String
    let rpc_unsubscribe: String
    let rpc_publish_signed_key_inlined: String
    let rpc_publish_signed_with_key_field: String
    let signed_bytes_hex: String
    let message_id_hex: String
    let control_graft: String
    let control_prune_v1_0: String
    let control_prune_backoff_60: String
    let control_ihave: String
    let control_iwant: String
    let control_idontwant: String
    let must_reject: [Rejected]

    /// All RPCs.
    var rpcs: [String] {
        [
            rpc_subscribe, rpc_unsubscribe, rpc_publish_signed_key_inlined, rpc_publish_signed_with_key_field,
            control_graft, control_prune_v1_0, control_prune_backoff_60, control_ihave, control_iwant,
            control_idontwant,
        ] + must_reject.map(\.rpc_hex)
    }

    static func load() throws -> PubSubVectors {
        struct File: Decodable { let pubsub: PubSubVectors }
        let file: File = try TestVectors.load("autonat-rendezvous-pubsub")
        return file.pubsub
    }
}

/// The key of the vectors' example peer.
func exampleKey() throws -> PrivateKey {
    try PrivateKey(ed25519Seed: try hex("7e0830617c4a7de83925dfb2694556b12936c477a0e1feb2e148ec9da60fee7d"))
}

/// A key that depends on a number only.
func key(_ number: Int) throws -> PrivateKey {
    try PrivateKey(ed25519Seed: [UInt8(number & 0xff), UInt8(number >> 8 & 0xff)] + [UInt8](repeating: 9, count: 30))
}
