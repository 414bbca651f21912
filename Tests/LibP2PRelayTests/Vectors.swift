import Foundation
import LibP2PIdentity
import LibP2PTesting
import NIOCore
import Testing
import Wire

/// Tests/Vectors/relay.json.
struct RelayVectors: Decodable {
    struct Peers: Decodable {
        let relay: String
        let A: String
        let B: String
    }
    struct Version1: Decodable {
        let `protocol`: String
        let can_hop: String
        let status_success: String
        let status_cant_speak_relay: String
        let status_no_conn_to_dst: String
        let hop_A_to_B: String
        let stop_A_to_B: String
    }
    struct Version2: Decodable {
        let hop_protocol: String
        let stop_protocol: String
        let reserve: String
        let reserve_ok: String
        let reserve_refused: String
        let connect_to_A: String
        let stop_connect_from_B: String
        let stop_ok: String
        let hop_ok: String
        let no_reservation: String
        let permission_denied: String
        let malformed: String
    }
    let peers: Peers
    let v1: Version1
    let v2: Version2

    static func load() throws -> RelayVectors { try TestVectors.load("relay") }
}

/// A message with its length in front.
func framed(_ message: some ProtobufMessage) -> [UInt8] {
    var buffer = ByteBuffer()
    buffer.writeDelimited(message)
    return Array(buffer.readableBytesView)
}

/// A key that depends on a number only.
func key(_ number: UInt8) throws -> PrivateKey {
    try PrivateKey(ed25519Seed: [UInt8](repeating: number, count: 32))
}

/// A peer id that depends on a number only.
func peer(_ number: UInt8) throws -> PeerID { try key(number).peerID }
