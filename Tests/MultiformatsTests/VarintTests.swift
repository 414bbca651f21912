import LibP2PTesting
import Multiformats
import Testing

@Suite struct VarintTests {
    @Test func vectorsReadAndWrite() throws {
        for vector in try MultiformatsVectors.load().varint {
            let encoded = try hex(vector.hex)
            #expect(Varint.encode(vector.value) == encoded)
            #expect(Varint.length(of: vector.value) == encoded.count)
            let decoded = try Varint.decode(encoded + [0xff])
            #expect(decoded.value == vector.value && decoded.length == encoded.count)
        }
    }

    @Test func invalidVectorsAreRefused() throws {
        for vector in try MultiformatsVectors.load().varintInvalidHex {
            #expect(throws: MultiformatsError(.varint, ""), "\(vector.why)") {
                try Varint.decode(try hex(vector.hex))
            }
        }
    }

    @Test func nothingIsNotAVarint() {
        #expect(throws: MultiformatsError(.varint, "")) { try Varint.decode([]) }
    }

    @Test func randomValuesRoundTrip() throws {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<1000 {
            let value = random.next() >> UInt64.random(in: 1..<64, using: &random)
            let encoded = Varint.encode(value)
            #expect(try Varint.decode(encoded).value == value)
            #expect(Varint.length(of: value) == encoded.count)
        }
    }
}
