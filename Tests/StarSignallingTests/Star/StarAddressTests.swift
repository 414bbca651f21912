import LibP2PCore
import LibP2PTesting
import NIOCore
import Testing

@testable import StarSignalling

@Suite("Addresses are opaque")
struct StarAddressTests {
    @Test(
        "JSON strings become the bytes that they stand for",
        arguments: [
            (#""/a""#, "/a"), (#""\u002f\/\"\\\b\f\n\r\t""#, "//\"\\\u{8}\u{c}\n\r\t"), (#""\ud83e\udD86""#, "🦆"),
            (#""\u0000""#, "\u{0}"), (#""é""#, "é"), (#""\uffff""#, "\u{ffff}"),
        ])
    func decode(json: String, text: String) throws {
        let address = try #require(StarAddress(json: ByteBuffer(string: json)))
        #expect(address.bytes == Array(text.utf8))
        #expect(StarAddress(json: address.json) == address)
    }

    @Test(
        "other texts are none",
        arguments: [
            "", "\"", "\"\"", "a", "\"a", "a\"", "\"a\"b\"", #""\x""#, #""\""#, #""\u12""#, #""\udc00""#, #""\ud800x""#,
            #""\ud800\u0041""#, #""\u00zz""#, "\"\n\"", "5",
        ])
    func noAddress(json: String) { #expect(StarAddress(json: ByteBuffer(string: json)) == nil) }

    @Test("1,024 bytes are enough")
    func length() {
        #expect(StarAddress(String(repeating: "ä", count: 512)) != nil)
        #expect(StarAddress(String(repeating: "ä", count: 512) + "x") == nil)
        let escaped = "\"" + String(repeating: #"\u00e4"#, count: 512)
        #expect(StarAddress(json: ByteBuffer(string: escaped + "\"")) != nil)
        #expect(StarAddress(json: ByteBuffer(string: escaped + "x\"")) == nil)
    }

    @Test("bytes that are no UTF-8 are none")
    func utf8() {
        #expect(StarAddress(bytes: [0x2f, 0xff]) == nil)
        #expect(StarAddress(json: ByteBuffer(bytes: [0x22, 0xc3, 0x22])) == nil)
    }

    @Test("texts that look the same differ")
    func normalization() { #expect(StarAddress("\u{e9}") != StarAddress("e\u{301}")) }

    @Test("joins are later than all that was seen, whatever the clock says")
    func clock() {
        var clock = JoinClock()
        let now = Timestamp(seconds: 1000)
        let first = clock.next(now)
        #expect(first == 1_000_000_000)
        let second = clock.next(now)
        #expect(second == first + 1)
        let isBelieved = clock.see(first + 500, now: now)
        #expect(isBelieved)
        let third = clock.next(Timestamp(seconds: 999))
        #expect(third == first + 501)
        let leads = [first + 2 * JoinClock.longestLead, .max].map { clock.see($0, now: now) }
        #expect(leads == [false, false])
        let fourth = clock.next(now)
        #expect(fourth == first + 502)
    }

    @Test("names of nodes are read as they are written", arguments: [0, 1, .max] as [UInt64])
    func nodes(seed: UInt64) {
        let node = StarNodeID(RandomSource(seed: seed))
        #expect(StarNodeID(node.description) == node)
        for text in ["", "1", "000000000000000G", "00000000000000000", "+000000000000001", "ABCDEF0123456789"] {
            #expect(StarNodeID(text) == nil)
        }
    }
}
