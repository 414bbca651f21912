import LibP2PTesting

/// Tests/Vectors/peer-ids.json.
struct PeerIDVectors: Decodable {
    struct Forms: Decodable {
        let bytes_hex: String
        let base58btc: String
        let cid_base32: String
        let cid_base36: String
    }
    struct Key: Decodable {
        let type: String
        let KeyType: UInt64
        let private_pb_hex: String
        let public_pb_hex: String
        let peer_id: Forms
        let legacy_96_byte_private_pb_hex: String?
        let legacy_bad_96_byte_private_pb_hex: String?
    }
    struct Signature: Decodable {
        let type: String
        let public_pb_hex: String
        let private_pb_hex: String
        let message_utf8: String
        let signature_hex: String
        let deterministic: Bool
        let peer_id: String
    }
    struct Text: Decodable {
        let input: String
        let bytes_hex: String
        let base58btc: String
        let cid_base32: String
        let cid_base36: String
    }
    struct Invalid: Decodable {
        let input: String
        let why: String
    }
    let keys: [Key]
    let signature_fixtures: [Signature]
    let peer_id_strings: [Text]
    let invalid_peer_id_strings: [Invalid]

    static func load() throws -> PeerIDVectors { try TestVectors.load("peer-ids") }
}

/// Tests/Vectors/signed-envelopes.json.
struct EnvelopeVectors: Decodable {
    struct Record: Decodable {
        let private_seed_hex: String
        let public_pb_hex: String
        let peer_id: String
        let seq: UInt64
        let addresses: [String]
        let domain: String
        let payload_type_hex: String
        let payload_hex: String
        let signature_hex: String
        let envelope_hex: String
    }
    struct Voucher: Decodable {
        let relay_seed_hex: String
        let relay_peer_id: String
        let domain: String
        let payload_type_hex: String
        let payload_hex: String
        let envelope_hex: String
    }
    struct Rejected: Decodable {
        let envelope_hex: String
        let why: String
    }
    let peer_record: Record
    let relay_voucher: Voucher
    let must_reject: [Rejected]

    static func load() throws -> EnvelopeVectors { try TestVectors.load("signed-envelopes") }
}
