import LibP2PIdentity

@testable import LibP2PCore
@testable import LibP2PKademlia

extension FuzzTarget {
    static let records = [
        FuzzTarget("ipns", cost: 2, check: ipns),
        FuzzTarget("cbor") { input in
            guard let map = try? CanonicalMap(input) else { return false }
            try require(map.entries.count <= 256, "documents have few entries")
            // A key takes a byte and its value another.
            try require(2 * map.entries.count < input.count, "entries take two bytes at least")
            return true
        },
        FuzzTarget("rfc3339") { input in
            guard let time = Timestamp(rfc3339: input) else { return false }
            try requireEqual(Timestamp(rfc3339: time.rfc3339.utf8), time, "a time through its text")
            return true
        },
    ]

    /// Names of records in the corpus.
    private static let ipnsNames = [
        "k51qzi5uqu5dgy8qsq67hbz73jqkw87l3fgf4a91qb0d9b5173tir7n4vxk1oe",
        "k51qzi5uqu5dilgf7gorsh9vcqqq4myo6jd4zmqkuy9pxyxi5fua3uf7axph4y",
    ]

    private static func ipns(_ input: [UInt8]) throws -> Bool {
        let now = Timestamp(seconds: 1_800_000_000)
        for text in ipnsNames {
            let name = try PeerID(text)
            _ = try? RecordNamespaces().validate(input, key: Array("/ipns/".utf8) + name.bytes, now: now)
            _ = try? RecordNamespaces().validate(input, key: Array("/pk/".utf8) + name.bytes, now: now)
        }
        guard let record = try? IPNSRecord(bytes: input) else { return false }
        try requireEqual(record.bytes, input, "a record keeps its bytes")
        try require(!record.isBetter(than: record), "no record is better than itself")
        try require(record.value.count <= input.count, "a record's value is a part of it")
        return true
    }
}
