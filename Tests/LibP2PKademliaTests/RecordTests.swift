import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import Testing

@testable import LibP2PKademlia

@Suite struct RecordTests {
    private let start = Timestamp(seconds: 1_700_000_000)

    private func record(_ key: UInt8, _ peer: PeerID, at seconds: Int64 = 0) throws -> ProviderRecord {
        ProviderRecord(
            key: [key], provider: peer, addresses: [try Multiaddr("/ip4/192.0.2.1/tcp/4001")],
            received: start + .seconds(seconds))
    }

    // MARK: Providers

    @Test func providersExpireAfter48Hours() throws {
        var generator = SeededGenerator(seed: 1)
        var store = ProviderStore()
        let peer = try generator.peer()
        _ = store.add(try record(1, peer), origin: nil)
        #expect(store.providers(of: [1], now: start).first?.addresses.count == 1)
        // Addresses go first.
        let nextDay = store.providers(of: [1], now: start + .seconds(25 * 3_600))
        #expect(nextDay.map(\.provider) == [peer])
        #expect(nextDay.first?.addresses.isEmpty == true)
        #expect(store.providers(of: [1], now: start + .seconds(48 * 3_600)).isEmpty)
        #expect(store.removeExpired(now: start + .seconds(47 * 3_600)).isEmpty)
        #expect(store.removeExpired(now: start + .seconds(48 * 3_600 + 1)).map(\.provider) == [peer])
        #expect(store.count == 0)
        #expect(store.keyCount == 0)
    }

    @Test func renewingKeepsOneRecord() throws {
        var generator = SeededGenerator(seed: 2)
        var store = ProviderStore()
        let peer = try generator.peer()
        for hour in 0..<200 { _ = store.add(try record(1, peer, at: Int64(hour) * 3_600), origin: nil) }
        #expect(store.count == 1)
        let late = start + .seconds(230 * 3_600)
        #expect(store.removeExpired(now: late).isEmpty)
        #expect(store.providers(of: [1], now: late).count == 1)
    }

    @Test func aCrowdedKeyGivesUpItsOldest() throws {
        var generator = SeededGenerator(seed: 3)
        var limits = ProviderLimits()
        limits.recordsPerKey = 3
        var store = ProviderStore(limits: limits)
        let peers = try (0..<4).map { _ in try generator.peer() }
        var evicted: [ProviderStore.Reference] = []
        for (second, peer) in peers.enumerated() {
            evicted += store.add(try record(1, peer, at: Int64(second)), origin: nil)
        }
        #expect(evicted.map(\.provider) == [peers[0]])
        #expect(store.providers(of: [1], now: start).map(\.provider) == [peers[3], peers[2], peers[1]])
    }

    @Test func aFloodDisplacesItself() throws {
        var generator = SeededGenerator(seed: 4)
        var limits = ProviderLimits()
        limits.records = 100
        var store = ProviderStore(limits: limits)
        let honest = try #require(AddressGroup(ip: [192, 0, 2, 1]))
        let flood = try #require(AddressGroup(ip: [198, 51, 100, 1]))
        let peers = try (0..<20).map { _ in try generator.peer() }
        for peer in peers { _ = store.add(try record(1, peer), origin: honest) }
        for _ in 0..<1_000 {
            _ = store.add(try record(UInt8.random(in: 2...255, using: &generator), try generator.peer()), origin: flood)
        }
        #expect(store.count == 100)
        #expect(Set(store.providers(of: [1], now: start).map(\.provider)) == Set(peers))
    }

    @Test func randomUseKeepsTheCount() throws {
        var generator = SeededGenerator(seed: 5)
        var limits = ProviderLimits()
        limits.records = 50
        limits.recordsPerKey = 5
        var store = ProviderStore(limits: limits)
        let peers = try (0..<12).map { _ in try generator.peer() }
        for step in 0..<3_000 {
            let peer = peers[Int.random(in: 0..<12, using: &generator)]
            let group = AddressGroup(ip: [10, UInt8.random(in: 0...3, using: &generator), 0, 1])
            let key = UInt8.random(in: 0..<20, using: &generator)
            _ = store.add(try record(key, peer, at: Int64(step) * 60), origin: group)
            if step % 100 == 99 {
                let now = start + .seconds(Int64(step) * 60 + 1)
                _ = store.removeExpired(now: now)
                #expect(store.count <= 50)
                let listed = (UInt8(0)..<20).reduce(0) { $0 + store.providers(of: [$1], now: now).count }
                #expect(listed == store.count)
            }
        }
    }

    // MARK: Values

    @Test func valuesAreBoundedInBytes() throws {
        var limits = ValueLimits()
        limits.bytes = 1_000
        var store = ValueStore(limits: limits)
        var evicted = 0
        for key in UInt8(0)..<30 {
            let record = ValueRecord(key: [key], value: [UInt8](repeating: key, count: 99), received: start)
            evicted += store.put(record, origin: nil).count
        }
        #expect(store.count == 10)
        #expect(store.bytes == 1_000)
        #expect(evicted == 20)
        let huge = ValueRecord(key: [99], value: [UInt8](repeating: 0, count: 1_000), received: start)
        #expect(store.put(huge, origin: nil) == [[99]])
        #expect(store.count == 10)
    }

    @Test func aValueLargerThanTheStoreIsNotKeptInTheJournalEither() throws {
        var limits = ValueLimits()
        limits.bytes = 20
        let journal = MemoryJournal()
        let records = KademliaRecords(values: limits, journal: journal)
        let namespaces = RecordNamespaces(open: ["lab"])
        for (name, size) in [("/lab/fits", 8), ("/lab/huge", 20)] {
            let value = [UInt8](repeating: 7, count: size)
            try records.put(
                ValueRecord(key: Array(name.utf8), value: value, received: start), origin: nil, namespaces: namespaces)
        }
        #expect(records.valueCount == 1)
        #expect(records.valueBytes == "/lab/fits".utf8.count + 8)
        #expect(journal.values.map { String(decoding: $0, as: UTF8.self) } == ["/lab/fits"])
    }

    @Test func valuesExpire() throws {
        var store = ValueStore()
        _ = store.put(ValueRecord(key: [1], value: [2], received: start), origin: nil)
        #expect(store.value(of: [1], now: start + .seconds(48 * 3_600 - 1))?.value == [2])
        #expect(store.value(of: [1], now: start + .seconds(48 * 3_600)) == nil)
        #expect(store.removeExpired(now: start + .seconds(49 * 3_600)) == [[1]])
        #expect(store.bytes == 0)
    }

    // MARK: Namespaces

    @Test(arguments: [
        ("put_value_ipns", true), ("put_value_pk", true), ("put_value_pk_wrong_key", false),
        ("put_value_other_namespace", false),
    ]) func putValueVectors(name: String, isGood: Bool) throws {
        let message = try KademliaMessageTests.message(name).message
        let record = try #require(message.record)
        let verdict: Void? = try? RecordNamespaces().validate(record.value, key: record.key, now: start)
        #expect((verdict != nil) == isGood)
    }

    @Test func openNamespacesTakeAnything() throws {
        let key = Array("/example/key".utf8)
        #expect(throws: KademliaError(.invalidRecord, "")) {
            try RecordNamespaces().validate([1], key: key, now: start)
        }
        let open = RecordNamespaces(open: ["example"])
        try open.validate([1], key: key, now: start)
        #expect(try open.isBetter([1], than: [2], key: key))
        for wrong in ["", "/", "/example", "/example/", "example/key", "//key"] {
            #expect(throws: KademliaError(.invalidRecord, "")) {
                try open.validate([1], key: Array(wrong.utf8), now: start)
            }
        }
    }

    @Test func publicKeysNeedTheRightLengthOnly() throws {
        // 32 bytes that are no point of the curve: the name is their identity multihash.
        let key: [UInt8] = [0x08, 0x01, 0x12, 0x20] + [UInt8](repeating: 0xff, count: 32)
        let name = Array("/pk/".utf8) + (try Multihash.identity(key)).bytes
        try RecordNamespaces().validate(key, key: name, now: start)
        let short: [UInt8] = [0x08, 0x01, 0x12, 0x1f] + [UInt8](repeating: 0xff, count: 31)
        let shortName = Array("/pk/".utf8) + (try Multihash.identity(short)).bytes
        #expect(throws: KademliaError(.invalidRecord, "")) {
            try RecordNamespaces().validate(short, key: shortName, now: start)
        }
        #expect(throws: KademliaError(.invalidRecord, "")) {
            try RecordNamespaces().validate([UInt8](repeating: 0x0a, count: 5_000), key: name, now: start)
        }
    }

    // MARK: Times

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:30:45.5Z", 951_827_445_500_000_000),
        ("2026-01-02T03:04:05.000000006Z", 1_767_323_045_000_000_006),
        ("2026-01-02T05:04:05+02:00", 1_767_323_045_000_000_000), ("1969-12-31T23:59:59Z", -1_000_000_000),
        ("9999-12-31T23:59:59Z", Int64.max),
    ]) func timesAreRead(text: String, nanoseconds: Int64) {
        #expect(Timestamp(rfc3339: Array(text.utf8))?.nanoseconds == nanoseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-01-01 00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567890Z", "2026-01-01T00:00:00Zx",
        "2026-01-01T00:00:00+2:00", "-026-01-01T00:00:00Z",
    ]) func wrongTimesAreRefused(text: String) {
        #expect(Timestamp(rfc3339: Array(text.utf8)) == nil)
    }

    @Test func timesAreWrittenAsTheyAreRead() {
        var generator = SeededGenerator(seed: 6)
        #expect(Timestamp(nanoseconds: 1_767_323_045_000_000_006).rfc3339 == "2026-01-02T03:04:05.000000006Z")
        for _ in 0..<500 {
            let time = Timestamp(nanoseconds: Int64.random(in: .min ... .max, using: &generator))
            #expect(Timestamp(rfc3339: Array(time.rfc3339.utf8)) == time)
        }
    }
}
