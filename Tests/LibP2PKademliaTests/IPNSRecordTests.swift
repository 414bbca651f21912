import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import Testing

@testable import LibP2PKademlia

@Suite struct IPNSRecordTests {
    private static let now = Timestamp(seconds: 1_780_000_000)

    private struct Vector {
        let name: PeerID
        let record: [UInt8]
        let isValid: Bool
        let label: String
        let cbor: [String: Any]?
    }

    private func load(_ list: String) throws -> [Vector] {
        let entries = try #require(try TestVectors.values("ipns-records")[list] as? [[String: Any]])
        return try entries.compactMap { entry in
            guard let record = bytes(hex: entry["record_hex"] as? String) else { return nil }
            return Vector(
                name: try PeerID(try #require(entry["name"] as? String)), record: record,
                isValid: entry["expect"] as? String == "valid",
                label: entry["why"] as? String ?? entry["label"] as? String ?? "", cbor: entry["cbor"] as? [String: Any]
            )
        }
    }

    private func verdict(_ vector: Vector) -> Bool {
        let key = Array("/ipns/".utf8) + vector.name.bytes
        return (try? RecordNamespaces().validate(vector.record, key: key, now: Self.now)) != nil
    }

    @Test func officialRecords() throws {
        let all = try load("official")
        #expect(all.count == 6)
        for vector in all {
            #expect(verdict(vector) == vector.isValid, "\(vector.label)")
            guard vector.isValid, let cbor = vector.cbor else { continue }
            let record = try IPNSRecord(bytes: vector.record)
            #expect(String(decoding: record.value, as: UTF8.self) == cbor["Value"] as? String)
            #expect(record.sequence == cbor["Sequence"] as? UInt64 ?? UInt64(cbor["Sequence"] as? Int ?? -1))
            #expect(record.ttl == UInt64(cbor["TTL"] as? Int ?? -1))
        }
    }

    @Test func derivedRecords() throws {
        let all = try load("derived")
        #expect(all.count == 5)
        for vector in all { #expect(verdict(vector) == vector.isValid, "\(vector.label)") }
    }

    @Test func selectsBySequenceThenValidityThenBytes() throws {
        let all = try load("derived")
        func record(_ label: String) throws -> [UInt8] {
            try #require(all.first { $0.label.hasPrefix(label) }).record
        }
        let first = try record("v1+v2 seq1")
        let second = try record("v2-only seq2")
        let later = try record("same seq 2, later")
        let third = try record("with custom")
        let order = [first, second, later, third]
        let validator = IPNSValidator()
        for (index, left) in order.enumerated() {
            for (other, right) in order.enumerated() {
                #expect(validator.isBetter(left, than: right) == (index > other))
            }
        }
        // The same document in other bytes: an unknown field appended.
        #expect(validator.isBetter(second + [0x78, 0x01], than: second))
        #expect(!validator.isBetter(second, than: second + [0x78, 0x01]))
    }

    @Test func refusesTooLargeBeforeParsing() throws {
        let record = try #require(try load("derived").first).record
        // A record padded with an unknown field stays valid up to the limit.
        func padded(to size: Int) -> [UInt8] {
            let room = size - record.count - 4
            return record + [0x7a | 0x80, 0x01] + Varint.encode(UInt64(room)) + [UInt8](repeating: 0, count: room)
        }
        _ = try IPNSRecord(bytes: padded(to: 10_240))
        #expect(throws: KademliaError(.invalidRecord, "")) { try IPNSRecord(bytes: padded(to: 10_241)) }
    }

    @Test func refusesAnotherName() throws {
        var generator = SeededGenerator(seed: 1)
        let vector = try #require(try load("derived").first { $0.label.contains("pubKey") })
        let record = try IPNSRecord(bytes: vector.record)
        try record.verify(name: vector.name, now: Self.now)
        let stranger = try generator.peer()
        #expect(throws: KademliaError(.invalidRecord, "")) { try record.verify(name: stranger, now: Self.now) }
    }

    @Test func damagedRecordsAreRefused() throws {
        var generator = SeededGenerator(seed: 2)
        for vector in try load("derived") where vector.isValid {
            for _ in 0..<300 {
                let damaged = generator.mutated(vector.record)
                guard let record = try? IPNSRecord(bytes: damaged) else { continue }
                guard (try? record.verify(name: vector.name, now: Self.now)) != nil else { continue }
                // What still passes says what was signed.
                #expect(record.value == (try IPNSRecord(bytes: vector.record)).value)
            }
        }
    }

    @Test(arguments: [
        ("a0", true),
        ("a1616101", true),
        ("a2616101616202", true),
        ("a2616201616102", false),  // unsorted
        ("a2616101616102", false),  // repeated
        ("a262616101616202", false),  // the shorter key comes first
        ("a161611801", false),  // a number longer than needed
        ("b90001616101", false),  // a map head longer than needed
        ("bf616101ff", false),  // indefinite length
        ("a1616101ff", false),  // something follows
        ("a10101", false),  // a key that is no text
        ("a16161f7", false),  // undefined
        ("a16161f6", true),
        ("a16161fb3ff0000000000000", true),
        ("a16161fb7ff0000000000000", false),  // infinity
        ("a16161fa3f800000", false),  // a float of four bytes
        ("a16161d82a4100", true),
        ("a16161c100", false),  // another tag
        ("a1616181818181818181818100", false),  // too deep
        ("a161619bffffffffffffffff", false),
        ("a161615bffffffffffffffff", false),
        ("a16161", false),
        ("01", false),
        ("", false),
    ]) func mapsAreReadStrictly(hex: String, isGood: Bool) throws {
        let document = try #require(bytes(hex: hex))
        #expect(((try? CanonicalMap(document)) != nil) == isGood)
    }

    @Test func damagedMapsNeverTrap() throws {
        var generator = SeededGenerator(seed: 3)
        let entries = try #require(try TestVectors.values("ipns-records")["derived"] as? [[String: Any]])
        for entry in entries {
            guard let document = bytes(hex: entry["data_cbor_hex"] as? String) else { continue }
            for _ in 0..<1_000 { _ = try? CanonicalMap(generator.mutated(document)) }
        }
    }
}
