import LibP2PTesting
import Multiformats

@testable import LibP2PBitswap

/// `Tests/Vectors/bitswap.json`.
struct BitswapVectors: Decodable {
    struct Blocks: Decodable {
        let hello_hex: Hex
        let other_hex: Hex
        let v0_hex: Hex
        let v1_hex: Hex
        let v1_other_hex: Hex
    }

    struct Node: Decodable {
        let hex: Hex
        let links_hex: [Hex]
        let names: [String]
    }

    let blocks: Blocks
    let messages: [String: Hex]
    let dag_pb: [String: Node]

    static func load() throws -> BitswapVectors { try TestVectors.load("bitswap") }

    var v0: CID { get throws { try CID(bytes: blocks.v0_hex.bytes) } }
    var v1: CID { get throws { try CID(bytes: blocks.v1_hex.bytes) } }
    var other: CID { get throws { try CID(bytes: blocks.v1_other_hex.bytes) } }
}
