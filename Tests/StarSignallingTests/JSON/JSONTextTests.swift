import LibP2PTesting
import NIOCore
import Testing

@testable import StarSignalling

@Suite("JSON is checked and cut without being decoded")
struct JSONTextTests {
    private func isValid(_ text: String) -> Bool { isValid(Array(text.utf8)) }

    private func isValid(_ bytes: [UInt8]) -> Bool {
        (try? JSONText.elements(of: ByteBuffer(bytes: [0x5b] + bytes + [0x5d]))) != nil
    }

    @Test(
        "what RFC 8259 allows",
        arguments: [
            "1", "-0", "0.5", "1e9", "1E+9", "-12.5e-3", "true", "false", "null", "\"\"", "{}", "[]", " [ ] ",
            "{\"a\":{\"b\":[1,{\"c\":null}]},\"a\":2}", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\"", "\"é😀\u{7f}\"",
            "\t\n\r [1 , 2]",
        ])
    func valid(text: String) { #expect(isValid(text)) }

    @Test(
        "and what it does not",
        arguments: [
            "01", "+1", "1.", ".5", "1e", "-", "tru", "nul", "True", "NaN", "\"", "\"\\x\"", "\"\\u12g4\"", "\"\n\"",
            "{",
            "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "{1:2}", "[1,]", "[1 2]", "]", "}", "'a'", "1,", ",",
            "\"\\\"",
            "[}", "{]", "\u{feff}1", "\u{a0}1",
        ])
    func invalid(text: String) { #expect(!isValid(text)) }

    @Test(
        "strings are UTF-8",
        arguments: [
            [0x80], [0xc0, 0xaf], [0xc1, 0xbf], [0xe0, 0x80, 0xaf], [0xed, 0xa0, 0x80], [0xf0, 0x80, 0x80, 0x80],
            [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82], [0xff],
        ] as [[UInt8]])
    func notUTF8(bytes: [UInt8]) {
        #expect(!isValid([0x22] + bytes + [0x22]))
    }

    @Test("depth costs nothing, and is told", arguments: [1, 63, 64, 65, 128, 129, 100_000])
    func depth(levels: Int) throws {
        let arrays = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        #expect(try JSONText.elements(of: ByteBuffer(string: arrays)).depth == levels)
        let objects = String(repeating: "{\"a\":", count: levels) + "1" + String(repeating: "}", count: levels)
        #expect(try JSONText.elements(of: ByteBuffer(string: "[\(objects)]")).depth == levels + 1)
        let mixed = String(repeating: "[{\"a\":", count: levels) + "1" + String(repeating: "}]", count: levels)
        #expect(try JSONText.elements(of: ByteBuffer(string: mixed)).depth == 2 * levels)
        #expect(!isValid(String(mixed.dropLast())))
        #expect(!isValid(String(mixed.dropLast(2) + "]}")))
    }

    @Test("elements and members are cut out as they were written")
    func cuts() throws {
        let text = ByteBuffer(string: "[ \"a,]\" , {\"k\\u0022\" : [1, 2] , \"\":true}]")
        let elements = try JSONText.elements(of: text).texts
        #expect(elements.map { String(buffer: $0) } == ["\"a,]\"", "{\"k\\u0022\" : [1, 2] , \"\":true}"])
        var members: [String] = []
        try JSONText.members(of: elements[1]) { key, value in
            members.append("\(String(buffer: key)) is \(String(buffer: value))")
        }
        #expect(members == ["\"k\\u0022\" is [1, 2]", "\"\" is true"])
        #expect(JSONText.isObject(elements[1]) && !JSONText.isObject(elements[0]))
        #expect(throws: StarSignallingError.self) { try JSONText.elements(of: ByteBuffer(string: "[] []")) }
        #expect(throws: StarSignallingError.self) { try JSONText.elements(of: ByteBuffer(string: "{}")) }
    }

    @Test(
        "strings are decoded",
        arguments: [
            ("\"\"", ""), (" \"a\" ", "a"), ("\"\\u00e9\\n\\/\"", "é\n/"), ("\"\\ud83d\\ude00!\"", "😀!"),
            ("\"\\ud83dx\"", "\u{fffd}x"), ("\"\\ude00\\ud83d\"", "\u{fffd}\u{fffd}"), ("\"😀\"", "😀"),
            ("\"\\ud83d\\u0041\"", "\u{fffd}A"),
        ])
    func decode(json: String, text: String) {
        #expect(JSONString.decode(ByteBuffer(string: json)) == text)
    }

    @Test("what is no string decodes to nothing", arguments: ["", "a", "\"", "\"a\"b", "1", "\"\\\""])
    func decodeOthers(json: String) {
        #expect(JSONString.decode(ByteBuffer(string: json)) == nil)
    }

    @Test("strings survive both ways", arguments: ["", "a\"b\\c", "\u{0}\u{1f}\n", "é😀", "/"])
    func encode(text: String) {
        #expect(JSONString.decode(ByteBuffer(string: JSONString.encode(text))) == text)
    }

    @Test("changed and cut texts are read or refused", arguments: 1...20 as ClosedRange<UInt64>)
    func mutants(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let valid = Array("[\"ev\\ud83d\\ude00\",{\"a\":[1.5e3,true,null,{\"é\":\"\"}]}, -0 ]".utf8)
        for bytes in random.mutations(of: valid, count: 100) {
            let text = ByteBuffer(bytes: bytes)
            guard let elements = try? JSONText.elements(of: text) else { continue }
            for element in elements.texts {
                #expect(isValid(Array(element.readableBytesView)))
                _ = JSONString.decode(element)
            }
        }
    }
}
