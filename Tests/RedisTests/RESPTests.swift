import LibP2PTesting
import NIOCore
import Testing

@testable import Redis

@Suite("Redis's answers are read in whatever pieces they come")
struct RESPTests {
    /// All replies in some bytes, fed in pieces of a size.
    static func parse(_ bytes: [UInt8], pieces: Int = .max) throws(RedisError) -> [RESPValue] {
        var parser = RESPParser()
        var values: [RESPValue] = []
        var rest = bytes[...]
        repeat {
            let piece = rest.prefix(pieces)
            rest = rest.dropFirst(piece.count)
            parser.feed(ByteBuffer(bytes: piece))
            while let value = try parser.next() { values.append(value) }
        } while !rest.isEmpty
        return values
    }

    static let examples: [(String, RESPValue)] = [
        ("+OK\r\n", .simple("OK")), ("+\r\n", .simple("")), ("-ERR no\r\n", .error("ERR no")),
        (":0\r\n", .integer(0)), (":-7\r\n", .integer(-7)), ("$-1\r\n", .null), ("*-1\r\n", .null),
        ("*0\r\n", .array([])), ("$0\r\n\r\n", .bulk(ByteBuffer())),
        ("$5\r\na\r\nb\n\r\n", .bulk(ByteBuffer(string: "a\r\nb\n"))),
        (
            "*2\r\n*1\r\n:1\r\n*2\r\n$1\r\nx\r\n*0\r\n",
            .array([
                .array([.integer(1)]), .array([.bulk(ByteBuffer(string: "x")), .array([])]),
            ])
        ),
    ]

    @Test(arguments: [1, 2, 3, 7, Int.max])
    func pieces(_ size: Int) throws {
        let bytes = Self.examples.flatMap { Array($0.0.utf8) }
        #expect(try Self.parse(bytes, pieces: size) == Self.examples.map(\.1))
    }

    @Test(
        "what Redis does not say is refused",
        arguments: [
            "x\r\n", "\r\n", ":\r\n", ":1x\r\n", "$5\r\nabc\r\nxx\r\n", "$1\r\nabc\r\n", "+OK\rx", "$99999999999\r\n",
            "*99999999\r\n", ":99999999999999999999\r\n",
            "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
        ])
    func malformed(text: String) {
        #expect(throws: RedisError(.malformed, "")) { try Self.parse(Array(text.utf8)) }
    }

    @Test("an endless line is refused before it fills the memory")
    func endless() {
        #expect(throws: RedisError(.malformed, "")) {
            try Self.parse(Array(repeating: UInt8(ascii: "+"), count: 100_000), pieces: 1000)
        }
    }

    @Test("arrays of arrays cannot pass the bound of values together")
    func wide() {
        let row = "*1000\r\n" + String(repeating: ":1\r\n", count: 1000)
        #expect(throws: RedisError(.malformed, "")) {
            try Self.parse(Array(("*100\r\n" + String(repeating: row, count: 100)).utf8), pieces: 65_536)
        }
    }

    @Test("no bytes trap, and pieces change nothing", arguments: 1...20 as ClosedRange<UInt64>)
    func mutations(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for bytes in generator.mutations(of: Self.examples.flatMap { Array($0.0.utf8) }, count: 50) {
            let whole = try? Self.parse(bytes)
            #expect((try? Self.parse(bytes, pieces: 1)) == whole)
        }
    }

    @Test("a command is an array of bytes")
    func command() {
        var bytes = ByteBuffer()
        RESPCommand("SET", "ä", "").write(to: &bytes)
        #expect(String(buffer: bytes) == "*3\r\n$3\r\nSET\r\n$2\r\nä\r\n$0\r\n\r\n")
    }
}
