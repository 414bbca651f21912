import LibP2PIdentity
import LibP2PTesting

/// Tests/Vectors/peer-id-auth.json.
struct PeerIDAuthVectors: Decodable {
    struct Signed: Decodable {
        let data_hex: Hex
        let signature_b64url: String
    }
    struct Step: Decodable {
        let from: String
        let header: String?
        let value: String
    }
    struct Handshake: Decodable {
        let flow: String
        let client_sig_expect: String?
        let steps: [Step]
    }
    let server_private_pb_hex: Hex
    let client_private_pb_hex: Hex
    let hostname: String
    let signing_example: Signed
    let handshake_client_signature: Signed
    let handshake_server_signature: Signed
    let handshakes: [Handshake]

    static func load() throws -> PeerIDAuthVectors { try TestVectors.load("peer-id-auth") }

    var server: PrivateKey { get throws { try PrivateKey(protobuf: server_private_pb_hex.bytes) } }
    var client: PrivateKey { get throws { try PrivateKey(protobuf: client_private_pb_hex.bytes) } }
}
