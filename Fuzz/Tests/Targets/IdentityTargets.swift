import LibP2PIdentity
import Multiformats

extension FuzzTarget {
    static let identities = [
        FuzzTarget("peer-id", check: peerID),
        FuzzTarget("public-key", cost: 2, check: publicKey),
        FuzzTarget("key-file", cost: 4, check: keyFile),
        FuzzTarget("envelope", cost: 2, check: envelope),
        FuzzTarget("peer-record", cost: 10, check: peerRecord),
    ]

    private static func peerID(_ input: [UInt8]) throws -> Bool {
        let read = [try? PeerID(bytes: input), try? PeerID(String(decoding: input, as: UTF8.self))].compactMap(\.self)
        for id in read {
            try require(id.bytes.count <= PeerID.maxLength, "peer ids are bounded")
            try requireEqual(try PeerID(id.description), id, "a peer id through its text")
            try requireEqual(try PeerID(id.cid.description), id, "a peer id through its CID")
            try requireEqual(id.multihash.bytes, id.bytes, "a peer id as a multihash")
            _ = id.publicKey
        }
        return !read.isEmpty
    }

    private static func publicKey(_ input: [UInt8]) throws -> Bool {
        guard let key = try? PublicKey(protobuf: input) else { return false }
        try requireEqual(try PublicKey(protobuf: key.protobuf), key, "a key through its bytes")
        try require(key.peerID.matches(key), "a key has its peer id")
        try require(!key.isValidSignature(Array(input.prefix(64)), for: input), "noise is no signature")
        return true
    }

    private static func keyFile(_ input: [UInt8]) throws -> Bool {
        guard let key = try? KeyFile.read(input) else { return false }
        for format in KeyFile.allCases where format != .seed || key.type == .ed25519 {
            let again = try KeyFile.read(format.bytes(of: key))
            try requireEqual(again.publicKey, key.publicKey, "a key through a \(format) file")
        }
        return true
    }

    private static func envelope(_ input: [UInt8]) throws -> Bool {
        var isRead = false
        for domain in [PeerRecord.domain, "libp2p-relay-rsvp"] {
            guard let envelope = try? SignedEnvelope.open(input, domain: domain) else { continue }
            let again = try SignedEnvelope.open(envelope.protobuf, domain: domain, type: envelope.payloadType)
            try requireEqual(again, envelope, "an envelope through its bytes")
            isRead = true
        }
        _ = try? PeerRecord(opening: input)
        if let record = try? PeerRecord(trusting: input) { try checkRules(of: record, input) }
        return isRead
    }

    /// The input is what a stranger signs: whatever it likes.
    private static func peerRecord(_ input: [UInt8]) throws -> Bool {
        let key = try recordKey.get()
        let envelope = try SignedEnvelope.seal(
            input, type: PeerRecord.payloadType, domain: PeerRecord.domain, with: key)
        guard let record = try? PeerRecord(opening: envelope.protobuf) else { return false }
        try require(record.peerID == key.peerID, "peers speak for themselves")
        try checkRules(of: record, input)
        try requireEqual(try PeerRecord(opening: record.seal(with: key).protobuf), record, "a record signed again")
        return true
    }

    private static func checkRules(of record: PeerRecord, _ input: [UInt8]) throws {
        try require(record.addresses.count <= PeerRecord.maxAddresses, "records have a bounded number of addresses")
        try require(record.addresses.count <= input.count / 3, "an address takes three bytes at least")
    }

    /// The key of the peer whose record is in the corpus.
    private static let recordKey = Result {
        try PrivateKey(ed25519Seed: vector("signed-envelopes", "peer_record", "private_seed_hex"))
    }
}
