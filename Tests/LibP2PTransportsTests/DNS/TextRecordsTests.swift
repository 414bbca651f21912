import LibP2PCore
import Testing

@testable import LibP2PTransports

@Suite struct TextRecordsTests {
    /// A query for the texts at `a.b`.
    private let query: [UInt8] = [0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0x61, 1, 0x62, 0, 0, 16, 0, 1]

    private func message(_ records: [[UInt8]]) throws -> [UInt8] {
        try #require(DNSMessage(query: query)).response(records)
    }

    @Test func textsAndLifetimeAreRead() throws {
        let long = String(repeating: "é", count: 200)
        let alias = DNSMessage.record(.cname, lifetime: 7, [1, 0x63, 0])
        let records = try #require(
            TextRecords(message: message([alias, DNSMessage.text(long), DNSMessage.text("", lifetime: 9)])))
        #expect(records.texts == [long, ""])
        #expect(records.lifetime == 7)
    }

    @Test func aNegativeLifetimeIsZero() throws {
        let records = try #require(TextRecords(message: message([DNSMessage.text("a", lifetime: 0x8000_0000)])))
        #expect(records.lifetime == 0)
    }

    @Test func partsBeyondTheRecordAreRefused() throws {
        #expect(try TextRecords(message: message([DNSMessage.record(.text, [5, 0x61])])) == nil)
    }

    @Test func oversizedMessagesAreRefused() throws {
        let record = DNSMessage.text(String(repeating: "x", count: 200))
        let fits = try message(Array(repeating: record, count: 70))
        #expect(TextRecords(message: fits) != nil)
        #expect(TextRecords(message: fits + [UInt8](repeating: 0, count: TextRecords.maxMessageLength)) == nil)
    }

    @Test func mutatedMessagesAreReadOrRefused() throws {
        let whole = try message([DNSMessage.text("dnsaddr=/ip4/1.2.3.4"), DNSMessage.record(.ip4, [1, 2, 3, 4])])
        for length in whole.indices { #expect(TextRecords(message: Array(whole[..<length])) == nil) }
        let random = RandomSource(seed: 2)
        var readCount = 0
        for _ in 0..<5000 {
            var mutated = whole
            for _ in 0...(random.next() % 4) {
                mutated[Int(random.next() % UInt64(whole.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            if let records = TextRecords(message: mutated) {
                readCount += 1
                #expect(records.texts.allSatisfy { $0.utf8.count < 3 * TextRecords.maxMessageLength })
            }
        }
        #expect(readCount > 0)
    }
}
