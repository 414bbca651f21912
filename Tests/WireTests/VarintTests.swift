import LibP2PTesting
import NIOCore
import Testing
import Wire

struct VarintTests {
    struct Vectors: Decodable {
        struct Valid: Decodable {
            let value: UInt64
            let hex: String
        }
        struct Invalid: Decodable {
            let hex: String
            let why: String
        }
        let varint: [Valid]
        let varint_invalid_hex: [Invalid]

        static func load() throws -> Vectors { try TestVectors.load("multiformats") }
    }

    @Test func readsAndWritesTheVectors() throws {
        for vector in try Vectors.load().varint {
            var input = try buffer(vector.hex)
            #expect(try input.readVarint() == vector.value)
            #expect(input.readableBytes == 0)
            var output = ByteBuffer()
            #expect(output.writeVarint(vector.value) == vector.hex.count / 2)
            #expect(output == (try buffer(vector.hex)))
        }
    }

    @Test func tellsMalformedFromIncomplete() throws {
        for vector in try Vectors.load().varint_invalid_hex {
            var input = try buffer(vector.hex)
            let before = input
            if vector.why == "truncated" {
                #expect(try input.readVarint() == nil)
            } else {
                #expect(throws: WireError.self) { try input.readVarint() }
            }
            #expect(input == before)
        }
    }

    @Test func namesTheFault() throws {
        var padded = try buffer("8100")
        #expect(throws: WireError(.nonMinimalVarint, "")) { try padded.readVarint() }
        // Nine continued bytes can't be completed, so the tenth isn't waited for.
        var long = try buffer("ffffffffffffffffff")
        #expect(throws: WireError(.varintTooLong, "")) { try long.readVarint() }
    }

    @Test func everyPrefixIsIncomplete() throws {
        let bytes = try hex("ffffffffffffffff7f")
        for length in 0..<bytes.count {
            var input = ByteBuffer(bytes: bytes.prefix(length))
            #expect(try input.readVarint() == nil)
            #expect(input.readableBytes == length)
        }
    }

    @Test func looksWithoutConsuming() throws {
        let input = try buffer("01ac02")
        let found = try #require(try input.getVarint(at: input.readerIndex + 1))
        #expect(found == (300, 2))
        #expect(try input.getVarint(at: input.writerIndex) == nil)
        #expect(try input.getVarint(at: -7) == nil)
        #expect(try input.getVarint(at: .max) == nil)
    }
}
