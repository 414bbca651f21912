import LibP2PTesting
import Testing

@testable import DelegatedRouting

struct JSONReaderTests {
    private func read(_ text: String) throws -> JSONValue { try JSONReader.value(of: Array(text.utf8)) }

    @Test func readsEveryKindOfValue() throws {
        #expect(try read(" null ") == .null)
        #expect(try read("[true,false]") == .array([.bool(true), .bool(false)]))
        #expect(try read("-12") == .integer(-12))
        #expect(try read("2.5e3") == .number(2500))
        #expect(try read("99999999999999999999") == .number(1e20))
        #expect(try read("{\"a\" : {}, \"b\":[ ] }") == .object(["a": .object([:]), "b": .array([])]))
        #expect(
            try read(#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é""#) == .string("a\"\\/\u{8}\u{c}\n\r\té😀é"))
    }

    @Test(arguments: [
        "", " ", "nul", "nulls", "{", "[", "[1,]", "{\"a\":1,}", "{a:1}", "{\"a\"}", "\"", "\"\\", "\"\\u12\"",
        "\"\\u+123\"",
        "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\\x\"", "\"\n\"", "1 2", "+1", "--1", "1e999", ".5",
        "[1 2]",
        "truefalse", "NaN", "0x10",
    ])
    func refuses(_ text: String) {
        #expect(throws: RoutingError(.badInput, "")) { try read(text) }
    }

    @Test func boundsDepthAndValues() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(throws: Never.self) { try read(nested(JSONReader.maxDepth)) }
        #expect(throws: RoutingError(.badInput, "")) { try read(nested(JSONReader.maxDepth + 1)) }
        #expect(throws: RoutingError(.badInput, "")) { try read(String(repeating: "[", count: 1_000_000)) }
        let zeros = "[" + Array(repeating: "0", count: JSONReader.maxValues).joined(separator: ",") + "]"
        #expect(throws: RoutingError(.badInput, "")) { try read(zeros) }
    }

    @Test func survivesChangedBytesAndReadsWhatItWrote() throws {
        let text = #"{"a":[1,-2.5,"x\n\u0001",null,true],"b":{"c":"é","d":[]},"e":1e10}"#
        var readable = 0
        for bytes in mutants(of: Array(text.utf8), seed: 11, count: 2000) {
            guard let value = try? JSONReader.value(of: bytes) else { continue }
            readable += 1
            var written = JSONText()
            written.value(value)
            #expect(try JSONReader.value(of: written.bytes) == value)
        }
        #expect(readable > 50)
    }
}
