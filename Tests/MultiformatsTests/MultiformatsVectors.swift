import Foundation
import LibP2PTesting

/// `Tests/Vectors/multiformats.json`.
struct MultiformatsVectors: Decodable {
    struct VarintVector: Decodable {
        let value: UInt64
        let hex: String
    }

    struct InvalidVector: Decodable {
        let hex: String
        let why: String
    }

    struct MultibaseVector: Decodable {
        struct Row: Decodable {
            let encoding: String
            let text: String
        }

        let rawHex: String
        let rows: [Row]
    }

    struct MultihashVector: Decodable {
        let alg: String
        let bits: Int
        let multihashHex: String
    }

    struct CIDVector: Decodable {
        let text: String
        let version: UInt64
        let codec: UInt64
        let multihashHex: String
        let bytesHex: String
        let asV1Base32: String?
    }

    struct NamespaceVector: Decodable {
        let namespace: String
        let multihashHex: String
        let cidV0: String
        let cidV1RawBase32: String
    }

    let varint: [VarintVector]
    let varintInvalidHex: [InvalidVector]
    let multibase: [String: MultibaseVector]
    let multihash: [MultihashVector]
    let cid: [CIDVector]
    let namespaceCids: [NamespaceVector]

    static func load() throws -> Self { try TestVectors.load("multiformats", keys: .convertFromSnakeCase) }
}
